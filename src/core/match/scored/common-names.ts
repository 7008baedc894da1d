/**
 * Given names and surnames that many people share, from most to less common inside each list. They tell a person's name from other text, a
 * slip of the pen from another name (Lara, Lana), and a rare agreement from a cheap one (Smith) where a table is too small to count in.
 */
const given = `james mary john patricia robert jennifer michael linda william elizabeth david barbara maria anna jose mohammed
richard susan joseph jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony margaret mark sandra
donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian dorothy george melissa
timothy deborah ronald stephanie edward rebecca jason sharon jeffrey laura ryan cynthia jacob kathleen gary amy nicholas angela
eric shirley jonathan brenda stephen emma larry helen justin pamela scott nicole brandon samantha benjamin katherine samuel
christine gregory debra alexander rachel frank carolyn patrick janet raymond catherine jack heather dennis diane jerry ruth tyler
julie aaron olivia adam joyce nathan virginia henry victoria douglas kelly zachary lauren peter christina kyle joan noah evelyn ethan
judith jeremy megan walter andrea christian cheryl keith hannah roger jacqueline terry martha austin gloria sean teresa gerald ann
carl sara harold madison dylan frances arthur kathryn lawrence janice jordan jean jesse alice bryan abigail billy sophia bruce
grace gabriel denise joe amber logan doris alan marilyn juan danielle albert beverly willie isabella elijah theresa wayne diana
randy natalie vincent brittany mason charlotte roy marie ralph kayla bobby alexis russell lori bradley jane philip fatima eugene
juan carlos luis jesus antonio miguel francisco pedro manuel javier alejandro rafael fernando sergio jorge ricardo eduardo roberto
carmen ana isabel laura cristina marta lucia elena paula raquel sofia rosa pilar mercedes dolores
hans peter wolfgang klaus juergen jurgen michael stefan andreas thomas frank uwe bernd ralf heinz horst gerhard dieter helmut manfred
jan jens kai lars sven tim tobias sebastian florian markus martin matthias ulrich werner guenter gunter karl heike sabine petra
monika ursula renate ingrid birgit gisela brigitte claudia susanne andrea kerstin silke anja katja katrin julia lena lara lea jana
anke britta ute elke gabriele christa helga erika hildegard nina tanja sandra jutta dagmar
jean pierre michel philippe alain nicolas christophe francois laurent julien olivier sophie nathalie isabelle sylvie valerie
camille chloe manon celine aurelie elodie
giovanni giuseppe marco luca alessandro andrea francesco mario paolo giulia francesca chiara federica alessia
ivan sergey dmitry alexey vladimir andrey nikolay igor oleg mikhail yuri boris viktor olga tatiana natalia irina svetlana
ekaterina anastasia yulia marina galina ludmila alexei andrei sergei
piotr krzysztof andrzej tomasz pawel marcin katarzyna malgorzata agnieszka ewa magdalena joanna barbara
ahmed ali hassan hussein omar ibrahim khalid yusuf mustafa abdullah fatma aisha khadija maryam zainab noor layla samir karim amir
tariq bilal hamza imran asif arif bashir said salim nasser rami
raj priya amit sunita sanjay anita rahul pooja vijay deepak ravi suresh anil sunil neha rajesh arjun sandeep sundar
wei li wang ming jing fang yan hong jun ken hiroshi takashi yuki akira kenji naoko yoko jin min
joao ana paulo tiago miguel ines rui
maya zoe ella mia lucy ellie chloe lily jessie daisy rosie molly ruby amelia isla freya evie poppy harry oscar archie alfie leo
charlie freddie oliver george theo toby max lewis jamie callum connor liam owen rhys evan ewan ian neil stuart graham simon
colin craig derek nigel trevor barry geoffrey malcolm clive keith susan tracy alison fiona gillian wendy lana nora clara ida
eva adele alma hugo felix anton emil erik nils per ole bjorn anders karin astrid ingrid sigrid kerstin freja maja alba aria luna
tom ben sam dan josh alex chris nick matt mike steve dave bob bill jim rob tony andy joe greg phil
kate jo jess beth liz sue pat sally jenny becky abby mandy debbie
gunther ilse otto karl gustav fritz olaf andrej antonin roman marek pavel milos jiri frederik elon larry vicente roberto fidel
raul daniel anders ulf bola tunde`;
const family = `smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king
wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans
turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson
bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price
alvarez castillo sanders patel myers long ross foster jimenez
mueller muller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schaefer koch bauer richter klein wolf
schroeder neumann schwarz zimmermann braun krueger hofmann hartmann lange schmitt werner meier lehmann
bernard dubois durand moreau laurent simon michel lefebvre leroy roux david bertrand morel fournier girard
rossi russo ferrari esposito bianchi romano colombo ricci marino greco bruno
ivanov smirnov kuznetsov popov petrov sokolov ivanova
novak kowalski nowak wisniewski jensen nielsen hansen pedersen andersen christensen larsen sorensen olsen johansson andersson
karlsson nilsson eriksson svensson de jong jansen de vries van den berg bakker visser
silva santos ferreira pereira oliveira costa rodrigues sousa alves fernandes
khan ahmed ali hussain singh kumar sharma gupta shah das
wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin tan lim wong
sato suzuki takahashi tanaka watanabe ito yamamoto nakamura kobayashi park choi jung
abdullah mohammad mohammed hassan hussein ahmad ibrahim`;

const ranks = (list: string) => {
  const rank = new Map<string, number>();
  for (const name of list.split(/\s+/)) if (!rank.has(name)) rank.set(name, rank.size + 1);
  return rank;
};
const givenRank = ranks(given);
const familyRank = ranks(family);

/** True for a given name that is common enough to be meant when it is written. */
export function isCommonGiven(name: string): boolean {
  return givenRank.has(name);
}

export function isCommonFamily(name: string): boolean {
  return familyRank.has(name);
}

/** Share of people (0 to 1) with this given name, as a rough guess: by rank, falling as 1 / rank; unknown names count as rare. */
export function guessGivenShare(name: string): number {
  const rank = givenRank.get(name);
  return rank === undefined ? 0.0002 : Math.max(0.0006, 0.02 / (1 + rank / 12));
}

export function guessFamilyShare(name: string): number {
  const rank = familyRank.get(name);
  return rank === undefined ? 0.00005 : Math.max(0.0004, 0.009 / (1 + rank / 12));
}
