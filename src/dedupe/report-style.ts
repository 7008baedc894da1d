/** Text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] as string);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const reportStyle = `
:root { --ink: #1c2733; --soft: #5b6b7b; --paper: #ffffff; --card: #f5f7f9; --line: #dbe2e8; --for: #2f855a; --against: #c05621; --mark: #fff4d6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --soft: #9aa8b5; --paper: #14191f; --card: #1c232b; --line: #2f3943; --for: #68d391; --against: #f6ad55; --mark: #3a3420; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
h3 { margin: 0 0 .6rem; font-size: 1rem; overflow-wrap: anywhere; } h3 span { color: var(--soft); font-weight: normal; margin-left: .5rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.2rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .6rem 1rem; min-width: 8rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .2rem .7rem .2rem 0; overflow-wrap: anywhere; }
.pair table { width: 100%; } tbody th { color: var(--soft); font-weight: normal; white-space: nowrap; }
.differs td { background: var(--mark); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: .8rem 0; }
.pair { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 1.5rem; }
@media (max-width: 760px) { .pair { grid-template-columns: minmax(0, 1fr); } }
ul { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
li { display: flex; align-items: center; gap: .5rem; } li span { flex: 1; } li i { height: .5rem; border-radius: 2px; display: inline-block; }
li b { font-variant-numeric: tabular-nums; font-weight: normal; min-width: 2.6rem; text-align: right; }
.for { background: var(--for); } .against { background: var(--against); }
strong { color: var(--against); }
`;
