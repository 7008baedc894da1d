import { runDemo } from "./run-demo.ts";
const t = Date.now();
let last = 0; const tally: Record<string, number> = {};
const r = await runDemo({ seed: Number(process.argv[2] ?? 7), kills: Number(process.argv[3] ?? 0) }, (n) => {
  if (n.kind === "stage" || n.kind === "fault") console.error(((Date.now() - t) / 1000).toFixed(1), n.kind, n.text, JSON.stringify(tally));
  if (n.kind === "engine" && n.word.kind === "status" && Date.now() - last > 5000) { last = Date.now(); console.error(((Date.now() - t) / 1000).toFixed(1), JSON.stringify(n.word)); }
  if (n.kind === "engine") { const w = n.word; if (w.kind === "trouble" && Date.now()-t > 30000) console.error(JSON.stringify(w).slice(0,200)); if (w.kind === "trouble" || w.kind === "poisoned" || w.kind === "feed-lost" || w.kind==="many-missing") { const k = w.kind + ((w as any).message ?? "").slice(0, 60); tally[k] = (tally[k] ?? 0) + 1; } if (w.kind === "written") for (const [k, v] of Object.entries(w.results)) tally[`${w.system} ${k}`] = (tally[`${w.system} ${k}`] ?? 0) + v; if (w.kind==="received") tally["in "+w.system+w.from]=(tally["in "+w.system+w.from]??0)+w.count; }
});
console.log(JSON.stringify(r, null, 1)); console.log(JSON.stringify(tally, null, 1));
