/**
 * Given names with the short and pet forms and the spellings they go by, in the languages our users' contacts mostly come from.
 * Written for this project; a form may stand under several names (alex).
 */
const lines = `
aaron: ron ronnie erin
abigail: abby abbie gail
abraham: abe bram ibrahim avraham
adam: ad adan
adelaide: addie della heidi
adrian: ade adriano adrien
agnes: aggie inez agnieszka
ahmed: ahmad achmed ahmet
aidan: aiden
alan: al allan allen alun
albert: al bert bertie alberto albrecht
alejandro: ale alex jandro
alessandro: sandro ale alessio
alexander: alex al lex sasha sascha xander sandy alec alexandre alexandr aleksandr aleksander alexandros alejandro oleksandr sandro zander alek
alexandra: alex sandra sasha lexi sandy ali alexa aleksandra alejandra oleksandra
alexis: alex lex lexi
alfred: al alf alfie fred freddie alfredo
alice: ali ally alicia
alison: ali allie ally allison alyson
amanda: mandy manda
amelia: amy millie mia emilia
amy: aimee
anastasia: nastya stacy ana stasia
andrea: andi andie drea andy
andrew: randy andy drew andreas andre andrei andrey andres andrzej andriy anders
angela: angie angel angelina
angelina: angie lina
ann: anne anna annie nan nancy hannah ana
anna: ann anne annie anya ania anja ana
anthony: tony ant antony antonio anton toni antoine
antonio: tony toni toño nino
archibald: archie arch
arnold: arnie arne
arthur: art artie artur arturo
augustus: gus august augie agustin
barbara: barb barbie babs basia bobbie
barnaby: barney
barry: baz
bartholomew: bart
beatrice: bea trixie beatrix bee
belinda: bel linda
benedict: ben benny benedikt
benjamin: ben benny benji benjamin
bernard: bernie bernd bernhard bernardo
bernadette: bernie detta
bertha: bertie
bethany: beth
bogdan: bohdan
boris: borya
bradley: brad
brandon: brand
brenda: bren
brendan: bren
brian: bryan bry bryant
bridget: biddy bridie brigitte
bronwyn: bron
calvin: cal
cameron: cam
candace: candy candice
carl: karl carlo carlos
carlos: charlie carlito
carmen: carmela
carol: carrie caroline carole caryl
caroline: carol carrie caro lina carolyn carolina carolin
cassandra: cassie cass sandra
catherine: cathy kathy kate katie cath cat kitty katherine kathryn catharine katharine kathleen kay katharina ekaterina katarina katarzyna caterina katrina catalina rina trina yekaterina kat
cecilia: cissy cece celia cecil
charles: charlie chuck chas chaz carl karl carlos carlo charley
charlotte: charlie lottie lotte char
chester: chet
christian: chris christiaan cristian kristian
christina: chris tina chrissy christine kristina krystyna cristina kirsten kristin christa
christine: chris chrissy tina christina kristine
christopher: chris kit topher kris christoph cristobal krzysztof christophe cristopher kristopher
clara: claire clare klara
clarence: clay
claudia: klaudia
clifford: cliff
clinton: clint
colin: cole nick
constance: connie
cornelius: neil con cor connie
craig: crag
crystal: chris kristal krystal chrystal
curtis: curt kurt
cynthia: cindy cyndi
daniel: dan danny dani daniil danilo
danielle: dani dan daniela
darren: daz darrin
david: dave davey davy dawid davide
deborah: deb debbie debby debra
dennis: den denny denis
derek: derrick rick
diana: didi di diane dee
diane: di diana
dieter: diederik dietrich
dimitri: dmitry dima dmitri dmitriy dimitris dmytro mitya
dolores: lola dolly
dominic: dom nic dominik domenico dominick
donald: don donnie donny
dorothy: dot dottie dolly dorothea dee thea dora
douglas: doug
duncan: dunc
dwight: ike
edgar: ed eddie
edmund: ed eddie ned ted edmond
edward: eddy ed eddie ted teddy ned eduardo eduard edouard ward
edwin: ed eddie win
eileen: aileen
eleanor: ellie nell nora lenora elle ellen eleonora nellie elena
elena: helen lena helena ellen alyona yelena
elias: eli elijah ilias
elijah: eli
elizabeth: liz beth lizzie betty betsy eliza lisa libby elsie bess bessie liza elspeth elisabeth elisa isabel elise liesl lily erzsebet elzbieta lisbeth lise ela
ellen: nell nellie ellie
emily: em emma millie emilie emilia
emma: em emmy
emmanuel: manny manuel emanuel
enrique: quique kike rick henry
eric: rick erik erich eryk
ernest: ernie ernesto ernst
esther: essie hester ester
ethan: eth
eugene: gene evgeny yevgeny eugenio evgeni yevgeniy yevhen
evelyn: eve evie lyn
ezekiel: zeke
felicity: flick liss
fernando: nando fernan
florence: flo flora florrie
frances: fran fanny francie frankie sissy francesca francoise franziska
francis: frank fran frankie francisco francesco francois franz franciszek
francisco: paco pancho frank cisco kiko curro
franklin: frank
frederick: fred freddie freddy fritz friedrich frederic frederik federico rick fredrick fredrik fryderyk
gabriel: gabe gab gabi
gabriella: gabby ella gaby gabriela gabrielle
gareth: gary gaz
garrett: gary
gary: gaz garry
genevieve: gen eve jenny
geoffrey: geoff jeff jeffrey
george: georgie georg jorge giorgio georges jurgen jerzy juergen jorgen yuri georgi
gerald: gerry jerry gerard gerhard
gerard: gerry gerhard gerardo
gertrude: trudy gert gertie trude
gilbert: gil bert gilberto
giovanni: gianni john vanni
giuseppe: beppe peppe pino joseph
glenn: glen
gloria: glo
gordon: gord
grace: gracie gracia
graham: graeme
gregory: greg gregg gregor gregorio grzegorz grigory grigoriy
guadalupe: lupe lupita
guillermo: memo guille william willy
gustav: gus gustavo
gwendolyn: gwen wendy
hannah: hanna ann johanna hana
hans: johann johannes hansi
harold: hal harry haroldo
harriet: hattie harry
harry: henry harold
hassan: hasan hassen
heather: hev
hector: hec
heinrich: heinz heiner henry
helen: nell nellie lena helena ellen elena helene ella
henry: harry hank hal enrique henri heinrich enrico hendrik henryk henrik
herbert: bert herb herbie heribert
herman: hermann
howard: howie
hubert: bert hugh
hugh: hughie hugo huw
hussein: hussain husein husayn hossein huseyin
ian: iain ioan
ibrahim: ebrahim abraham ibraheem
ignacio: nacho
igor: ihor
immanuel: manny
irene: rene irena irina
irina: ira
isaac: ike zack isak
isabella: bella izzy isabel belle isabelle isobel ysabel
isaiah: zay
ivan: john vanya iwan
jacob: jake jakob jack jacobo jakub jacques iago jim yakov
jacqueline: jackie jacqui jacky
jaime: james jimmy
james: jim jimmy jamie jem jimbo jay diego jaime jimmie
jane: janie jenny janet jean janie jayne
janet: jan jane
janice: jan
jason: jay
jasmine: jaz jas yasmin
javier: javi xavier
jean: jeanne jeannie
jeffrey: jeff geoff geoffrey jeffery jefferey
jennifer: jen jenny jenna jennie
jeremy: jez jem jerry jeremiah
jeremiah: jerry jeremy
jerome: jerry
jessica: jess jessie
jesus: chucho chuy
jill: gillian jillian gill
joachim: jochen achim joaquin
joan: joanie joanne jo joann
joanna: jo joanne joan asia johanna joann
jocelyn: joss
johanna: jo hanna joan hanne
john: jonnie jack johnny jon jock ian ivan johann johannes juan jean giovanni jan johnnie sean hans joao yohan evan jonny
jonathan: jon jonny nathan johnathan jonathon
jordan: jordi
jose: pepe joseph che joe
josefina: fina josie pepa
joseph: joe joey jo jose josef giuseppe josep jozef yosef yusuf iosif
josephine: jo josie fifi jody josefine
joshua: josh
joyce: joy
juan: john juanito
judith: judy jude judi
julia: jules julie juliet giulia yulia julianna
julian: jules julio julien julius
juliana: julie jules
karen: kaz kari karin
karl: carl charles
katarzyna: kasia katherine
katherine: kathy kate katie kat kitty kay kathryn catherine
kathleen: kathy kath kate kat
kelly: kell kelley kellie
kenneth: ken kenny
kevin: kev
kimberly: kim kimberley kimmy
konstantin: kostya costas constantin konstantinos
kristen: kris kirsten kristin
lance: lancelot
larry: lawrence laurence
laura: laurie lori lauren
lauren: laurie ren
lawrence: larry laurie lars lorenzo laurence laurent lorenz lawrie
leonard: leo len lenny leonardo
leon: leo lev
leopold: leo poldi
leslie: les lesley
lewis: lew louis
lillian: lily lil lilly lilian
lidia: lydia
linda: lindy lynn
lindsay: lindsey lin
lisa: liza
lorenzo: renzo
lorraine: lori
louis: lou louie lewis luis luigi ludwig
louise: lou lulu louisa luisa
lucas: luke luc lukas
lucy: lucie lucia lu lucille
ludmila: lyuda lyudmila mila
luis: lucho louis
luke: lucas luc lukas lukasz luca
lydia: lyd
lynn: lynne lyn linda
mackenzie: mac kenzie mack
madeleine: maddie maddy madeline lena magdalena
magdalena: lena magda maggie madeleine
malcolm: mal
manuel: manny manolo emmanuel
marcus: marc mark marco markus marcos marek
margaret: maggie meg peggy marge margie madge greta rita daisy margarita marguerite margie margot megan margareta malgorzata gosia gretchen maisie margarethe marjorie
maria: mary marie mia mitzi marika masha mariya
marianne: mary anne marianna
marilyn: mary lyn
marjorie: marge margie marj
mark: marc marcus marco marko markus
martha: marty mattie marta
martin: marty mart marten martijn martino
martina: tina
mary: molly polly mae maria marie mamie may minnie mitzi maryam miriam
matthew: thias matt matty matthias mateo mathew matteo mathieu matthieu mats mateusz matias matvey
maureen: mo
maurice: mo morris moritz mauricio
maximilian: max maxi
maxwell: max
maxim: max maksim
megan: meg meghan
melanie: mel
melissa: mel lissa missy
mercedes: merche mercy
michael: mike mick mickey mikey micky mitch mikhail michel miguel michele michal mihail mischa misha mykola mihai micheal mihaly mikael mykhailo
michelle: shelly mich chelle michele shell
miguel: mike migue michael
mildred: millie
millicent: millie
miriam: mimi mim maryam
mitchell: mitch
mohammed: mo muhammad mohammad mohamed muhammed mohamad mohamud mahomed muhamad mehmet mochammad muhamed mohd
monica: mon monika
morgan: mo
mortimer: mort
moses: moe mose moshe musa
mustafa: mostafa moustafa mustapha
nadezhda: nadia nadya
nancy: nan ann
natalie: nat natasha natalia nataly nathalie talia
natalia: natasha natalie nata
natasha: tasha natalia nat
nathan: nate nat nathaniel
nathaniel: nate nat nathan
nicholas: nick nicky nico nicolas nikolaus klaus nikolai nicola nik claus niklas nils nikolas nikolay nicolae mykola colin
nicole: nicky nikki nicola nic
nicola: nicky nikki nic
nikita: nik
norman: norm
nora: honora eleanor
olga: olya
oliver: ollie oli olly olivier
olivia: liv livvy ollie
omar: umar omer
oscar: oskar ozzie
osama: usama oussama
oswald: ozzie oz
pamela: pam
pascal: pascual
patricia: trisha pat patty trish tricia patsy patti pattie
patrick: pat paddy patricio rick padraig
paul: paulie pablo paolo pavel pawel pol paulo
paula: polly pauline paola
pauline: paula polly
peter: pete pedro pierre piotr pieter petr pyotr petra per pietro petros
penelope: penny
percival: percy
philip: phil pip phillip felipe philippe philipp filip pippo phill
phyllis: phyl
prudence: pru
rachel: rach shelly rae rachael raquel
rafael: rafa ralph raphael
ralph: rafe
ramon: monchi moncho raymond
randall: randy
raphael: rafa raf rafael
raymond: ray raymundo ramon
rebecca: reba becky becca beck bekah rebekah reba
reginald: reg reggie rex
reinhard: reiner
reynaldo: naldo rey
ricardo: rick ricky cardo richard
richard: rick dick rich richie ricky ritchie ricardo riccardo dickie ryszard
robert: hob bob rob bobby robbie bert rupert roberto robby robin bobbie
roberta: bobbie robbie bobby berta
roberto: beto robert
robin: rob
roderick: rod rick roddy rodrigo
rodney: rod
roger: rodge hodge ruggero rogelio rogerio
roland: rollo rolf orlando rolando
ronald: naldo ron ronnie ronny ronaldo
rosa: rosie rose rosita
rosalind: roz ros
rosemary: rose rosie
rose: rosie rosa
roxanne: roxy
rudolph: rudy rolf rudolf rodolfo rudi
russell: russ rusty
ruth: ruthie
ryan: ry
sabrina: brina
salvador: sal chava salvatore
samantha: sam sammy
samuel: sam sammy samuil
sandra: sandy alexandra
sara: sarah sally sadie
sarah: sally sadie sara zara
scott: scotty scottie
sebastian: seb bas bastian basti sebastien
serge: sergei sergey sergio sergiy serhiy sergej sergejs serhii
sergei: serge seryozha
sharon: shari shaz
shaun: sean shawn shane
sheila: shelagh
shirley: shirl
sidney: sid sydney
sigmund: sig
simon: si simone shimon szymon semyon simeon
simone: simona
sofia: sophie sophia sonia sonya zofia
solomon: sol suleiman sulaiman
sophia: sophie sofia
stanley: stan
stanislav: stas stan stanislaw
stephanie: steph stef stephie stefanie steffi stefania
stephen: steve steven stephan stefan esteban stevie steph stephane stefano etienne szczepan stepan istvan steffen
stewart: stu stuart
stuart: stu stewart
susan: sue susie suzie sukie suzanne susanne susanna zuzana suzy
susanna: sue susie anna susanne
svetlana: sveta lana
sylvia: sylvie silvia
tabitha: tabby
tamara: tammy toma tam
tatiana: tanya tania tatjana
teresa: terry tess tessa tracy theresa tere resi therese
terence: terry terrence
terrance: terry
theodore: ted teddy theo theodor fyodor teodoro fedor
theresa: terry tess tessa
thomas: tom tommy tomas tommaso thom tomasz
tiffany: tiff
timothy: tim timmy timo timofey timotheus
tobias: toby tobi
todd: toddy
tracy: tracey trace
ulrich: uli ulli
ursula: ulla uschi ursel
valentina: val tina valya
valerie: val valeria
vanessa: nessa ness
veronica: ronnie vero veronika
victor: vic viktor vittorio
victoria: vicky vicki tori vickie vikki viktoria
vincent: vince vinny vincenzo vicente vinnie
violet: vi violetta
virginia: ginny ginger gina
vivian: viv vivien vivienne
vladimir: vlad vova volodya volodymyr wladimir
walter: walt wally wat walther gualtiero
wanda: vanda
warren: wren
wendy: wend
werner: wern
wilfred: wilf fred will
wilhelmina: mina minnie billie willa
william: bill billy will willie willy liam guillermo wilhelm guillaume wim willem guglielmo wil billie
winifred: winnie freda fred
winston: win winnie
woodrow: woody
xavier: xavi javier
yusuf: yousef youssef yousuf joseph yosef
yvonne: vonnie evonne
zachary: zach zack zac zachariah zak
zoe: zoey
`;

const groupsOf = new Map<string, number[]>();
lines
  .trim()
  .split("\n")
  .forEach((line, group) => {
    for (const name of line.replace(":", "").normalize("NFD").replace(/\p{M}/gu, "").split(" ")) {
      const groups = groupsOf.get(name);
      if (groups === undefined) groupsOf.set(name, [group]);
      else if (!groups.includes(group)) groups.push(group);
    }
  });

/** The full names (as numbers) that a given name may stand for; empty when it is none we know. */
export function fullNamesOf(name: string): readonly number[] {
  return groupsOf.get(name) ?? none;
}

const none: readonly number[] = [];
