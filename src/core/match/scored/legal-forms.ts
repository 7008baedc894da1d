/**
 * Legal forms of companies with the ways they are written, one class a line: members of one class are the same form. The last column of thought:
 * "co" and "company" say nothing of the form.
 */
const lines = `
ltd limited ltd. pvt
inc incorporated
corp corporation
plc public-limited-company
llc limited-liability-company l-l-c
llp limited-liability-partnership
lp limited-partnership
gmbh gesellschaft-mit-beschrankter-haftung gesellschaft-mit-beschraenkter-haftung mbh gesmbh
ag aktiengesellschaft
kg kommanditgesellschaft
ohg offene-handelsgesellschaft
ug unternehmergesellschaft
ev eingetragener-verein
se societas-europaea
sa societe-anonyme sociedad-anonima sociedade-anonima spolka-akcyjna spa societa-per-azioni
sarl societe-a-responsabilite-limitee
sas societe-par-actions-simplifiee
srl societa-a-responsabilita-limitata sociedad-de-responsabilidad-limitada societatea-cu-raspundere-limitata
sl sociedad-limitada slu
lda limitada ltda
bv besloten-vennootschap
nv naamloze-vennootschap
bvba sprl
ab aktiebolag
as aksjeselskap aktieselskab
aps anpartsselskab
oy osakeyhtio oyj
spzoo sp-z-o-o sp-zoo spolka-z-ograniczona-odpowiedzialnoscia sp-z-oo
sro s-r-o spol-s-r-o
doo d-o-o
ooo obschestvo-s-ogranichennoy-otvetstvennostyu obshchestvo-s-ogranichennoi-otvetstvennostiu obshchestvo-s-ogranichennoy-otvetstvennostyu
oao ojsc open-joint-stock-company otkrytoe-aktsionernoe-obschestvo pao pjsc public-joint-stock-company
zao cjsc closed-joint-stock-company
ao jsc joint-stock-company
kk kabushiki-kaisha zhushihuishe kabushikigaisha
kft korlatolt-felelossegu-tarsasag
pty proprietary
pte private
bhd berhad sdn
pt perseroan-terbatas
na national-association
cv cv.
`;
const classOf = new Map<string, string>();
const phrases: { readonly words: readonly string[]; readonly form: string }[] = [];
for (const line of lines.trim().split("\n")) {
  const names = line.split(" ");
  for (const name of names) {
    const words = name.replace(".", "").split("-");
    if (words.length === 1) classOf.set(words[0] as string, names[0] as string);
    else phrases.push({ words, form: names[0] as string });
  }
}
phrases.sort((a, b) => b.words.length - a.words.length);

const fillers = new Set([
  "co",
  "company",
  "cie",
  "group",
  "gruppe",
  "groupe",
  "holding",
  "holdings",
  "the",
  "and",
  "und",
  "et",
  "y",
  "of",
]);

/** A company's words without its legal forms, and those forms: `["acme"]`, `["ltd"]` of "Acme Co. Ltd". Never returns no core. */
export function splitLegalForm(words: readonly string[]): {
  readonly core: readonly string[];
  readonly forms: readonly string[];
} {
  const core: string[] = [];
  const forms: string[] = [];
  for (let i = 0; i < words.length; ) {
    const phrase = phrases.find(({ words: parts }) => parts.every((part, k) => words[i + k] === part));
    const single = classOf.get(words[i] as string);
    if (phrase !== undefined) {
      forms.push(phrase.form);
      i += phrase.words.length;
    } else if (single !== undefined && (i > 0 || words.length > 1) && !(i === 0 && weakAtStart.has(single))) {
      forms.push(single);
      i++;
    } else core.push(words[i++] as string);
  }
  const kept = core.filter((word) => !fillers.has(word));
  return { core: kept.length > 0 ? kept : core.length > 0 ? core : words, forms };
}

const weakAtStart = new Set(["as", "se", "sa", "na", "sl", "ab", "ev", "lp", "pt", "corp"]);

export const isLegalForm = (word: string): boolean =>
  classOf.has(word) && !["as", "se", "na", "co", "pt"].includes(word);
