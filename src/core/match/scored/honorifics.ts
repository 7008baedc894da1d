/** Words before or after a person's name that are no part of it: forms of address, ranks, degrees. */
const titles = new Set(
  `mr mrs ms miss mx dr doctor prof professor sir dame lord lady rev reverend fr father sister brother hon judge capt captain col
  colonel gen general lt lieutenant maj major sgt sergeant cpl adm admiral herr frau fraulein dipl ing mag dott dottssa sig sigra
  signor signora avv arq lic don dona sr. sra srta senor senora monsieur madame mme mlle m. mgr me maitre drs ir mevr dhr hr fru
  sheikh shaikh sheik haji hajji imam mullah mulla maulana ayatollah shri smt kumari sri pan pani bay bayan mstr esq phd md dds
  dvm mba msc bsc ba ma bs jd llm llb cpa rn dphil dmd pe obe mbe cbe kbe frs qc kc ret mp na nee`
    .split(/\s+/)
    .map((word) => word.replace(".", "")),
);
for (const name of ["sr", "m", "me", "ma", "na", "pan", "bay"]) titles.delete(name);

/** Words that join a name together and carry little of it: van der, de la, bin, al. */
const particles = new Set(
  "de del della di da do dos das du des la las le les los van von vom zu zum zur der den dem het ten ter te af av y e i of the bin ibn ben bint al el ul ad as abu abd st saint san".split(
    " ",
  ),
);

const generations: Readonly<Record<string, string>> = {
  jr: "jr",
  jnr: "jr",
  junior: "jr",
  filho: "jr",
  sr: "sr",
  snr: "sr",
  senior: "sr",
  ii: "2",
  iii: "3",
  iv: "4",
  "2nd": "2",
  "3rd": "3",
};

export const isHonorific = (word: string): boolean => titles.has(word);
export const isParticle = (word: string): boolean => particles.has(word);

/** The generation a word tells (Jr, Sr, III), or null. */
export function generationOf(word: string): string | null {
  return Object.hasOwn(generations, word) ? (generations[word] as string) : null;
}
