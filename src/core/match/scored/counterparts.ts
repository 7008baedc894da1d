import { squash } from "./text.ts";

/**
 * Names of men with the names of women that were made from them: a letter or two apart, and two people, often of one family. Men's forms before the
 * bar. What is a short form of either (Alex, Chris) is in neither.
 */
const lines = `
adrian adriano adrien | adriana adrienne
alain alan | alana alaine
alexander alexandre alessandro alejandro aleksandr | alexandra alessandra alejandra aleksandra
andre andreas andrew | andree andrea
anton antonio antoine anthony | antonia antoinette
august augusto | augusta
bernard bernhard bernardo | bernadette bernarda bernharda
bruno | bruna
carl karl carlo carlos charles | carla karla charlotte
christian cristian christiano | christiane christina christine cristiana
christopher christoph | christina christine
claude claudio klaus | claudia claudine claudette
clement | clementine
daniel | daniela danielle
denis dennis dionisio | denise
dominic dominik | dominica dominika
edward eduard edmond | edwarda
emil emilio emile | emilia emilie emily
eric erik erich | erica erika
eugen eugene eugenio | eugenia eugenie
fabian fabio fabien | fabiana fabienne
felix | felicia felicitas
ferdinand fernando | fernanda
filip philip philipp philippe | philippa filipa
francis francesco francisco francois franz frank | frances francesca francisca francoise franziska
frederic frederick friedrich | frederica frederike friederike
gabriel | gabriela gabrielle gabriele
george georg georges giorgio jorge | georgia georgina georgette
gerald gerard gerhard | geraldine gerda
gilbert | gilberta
giovanni | giovanna
giulio julio jules julius | giulia julia julie
gustav | gustava
harry henry heinrich henri hendrik | harriet henrietta henrike henriette
hermann | hermine
ivan | ivana ivanna
jacob jakob jacques | jacoba jacqueline
jan | jana
jean | jeanne jeannette
johan johann johannes juan john | johanna juana joanna
joseph josef jose giuseppe | josephine josefine josefa josepha giuseppina
julian juliano julien | juliana julianne julienne
justin justus | justine justina
kamil camillo | kamila camilla
laurent lorenz lorenzo lawrence | lorenza
leo leon leonard leonardo | leona leonie leonarda
louis luis luigi ludwig | louisa louise luisa luise
luca lucas lucio lucien | lucia lucienne
manuel emanuel | manuela emanuela
marcel marcello marcelo | marcela marcella marcelle
marco markus mark mario marius | marca maria
martin martino | martina martine
maurice mauro | maura
max maxim maximilian | maxima maximiliane
michael michel | michaela michelle michele
nicolas nicholas nikolaus | nicole nicolette
noel | noelle noella
oliver olivier | olivia
oscar | oscara
pascal | pascale
patrick patricio patrice | patricia
paul paolo pablo pavel | paula paola pauline paulina paulette
peter pietro pedro pierre piotr | petra pierrette
raphael rafael raffaele | raphaela rafaela raffaela
raymond raimund | raymonde raimunda
rene | renee
richard | richarda
robert roberto | roberta
roman romain | romana romaine
samuel | samuela
sergio serge | sergia
silvio sylvain sylvester | silvia sylvia sylvie
simon | simona simone
stefan stephan stephen stefano steven stephane | stefanie stephanie stefania
theo theodor theodore | theodora
thomas tomas | thomasina tomasa
ulrich | ulrike ulrica
valentin valentino | valentina valentine
valerio | valeria valerie
victor viktor vittorio | victoria viktoria vittoria
vincent vincenzo | vincenza
wilhelm | wilhelmina wilhelmine
yves | yvette yvonne
`;

type Kin = { readonly line: number; readonly isWomans: boolean };

const kinOf = new Map<string, Kin[]>();
lines
  .trim()
  .split("\n")
  .forEach((text, line) => {
    const [men = "", women = ""] = text.split(" | ");
    for (const [names, isWomans] of [[men, false] as const, [women, true] as const]) {
      for (const name of new Set(names.split(" ").map(squash)))
        kinOf.set(name, [...(kinOf.get(name) ?? []), { line, isWomans }]);
    }
  });

/** True of two given names of which one is a man's and the other the woman's that was made from it: Peter and Petra. Names are squashed. */
export function areCounterparts(a: string, b: string): boolean {
  const ofA = kinOf.get(a);
  const ofB = ofA === undefined ? undefined : kinOf.get(b);
  if (ofA === undefined || ofB === undefined) return false;
  return ofA.some((x) => ofB.some((y) => x.line === y.line && x.isWomans !== y.isWomans));
}
