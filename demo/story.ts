import { createRandom, type SeededRandom } from "../sandbox/core/random.ts";

/** A system's role in the company: crm, db, marketing ... */
export type DemoSystem = string;

export type EntityName = "company" | "contact" | "deal";

/** What points to what, by field; the value is the number of the thing. */
export const references: Readonly<Record<EntityName, Readonly<Record<string, EntityName>>>> = {
  company: {},
  contact: { company: "company" },
  deal: { company: "company", contact: "contact" },
};

/** A system as far as the story knows it. */
export type Role = {
  readonly name: DemoSystem;
  /** Share of the people, companies and deals that it has records of. */
  readonly share: number;
  readonly users: readonly string[];
  /** How a person can be there twice: it takes an e-mail twice, or only without one, or not at all. */
  readonly twins: "any" | "without-email" | "none";
  /** Fields that it has no place for. */
  readonly lacks: Readonly<Record<EntityName, readonly string[]>>;
  /** It takes no deal that is about nobody. */
  readonly dealsNeedSomebody: boolean;
};

/** Field values as the demo's world thinks of them: plain text, `null` for blank; of a reference the number of the thing. */
export type Values = Readonly<Record<string, string | null>>;

/** The later stage wins; nobody moves back. */
export const stages = ["lead", "opportunity", "customer"] as const;
export const dealStages = ["open", "lost", "won"] as const;

/** A record as it lies in a system before Truce comes. Several of one thing in one system are duplicates that were there already. */
export type Copy = {
  /** Number of the person or company. Records of one number are one real thing. */
  readonly thing: number;
  readonly entity: EntityName;
  readonly system: DemoSystem;
  /** The second record of the same thing in the same system. */
  readonly twin: boolean;
  readonly values: Values;
  /** Days since its last change, for systems that tell. */
  readonly ageDays: number;
};

/** Something a person does in one system while the sync runs. */
export type Edit = {
  /** Milliseconds after the start of the day. */
  readonly atMs: number;
  readonly entity: EntityName;
  readonly thing: number;
  readonly system: DemoSystem;
  readonly user: string;
  /** Every value is unique in the whole story, so that any value read anywhere names its writer; `null` clears the field. */
  readonly values: Values;
};

/** Everything that happens, decided by one seed: who is where in what state, and who edits what when. */
export type Story = {
  readonly seed: number;
  readonly people: number;
  readonly companies: number;
  readonly deals: number;
  readonly systems: readonly DemoSystem[];
  /** Parents first. */
  readonly entities: readonly EntityName[];
  readonly copies: readonly Copy[];
  readonly edits: readonly Edit[];
  /** The contact of the scenario "the email and the rep". */
  readonly scenarioThing: number;
};

export type StoryOptions = {
  readonly seed: number;
  readonly people: number;
  readonly companies: number;
  /** With deals, records point to each other: contacts to their company, deals to a company and a contact. */
  readonly deals: number;
  readonly edits: number;
  readonly dayMs: number;
};

/** Tells a whole story from its seed. The cast has a crm, a db and a marketing. */
export function tellStory(options: StoryOptions, cast: readonly Role[]): Story {
  const { seed, people, companies, deals, edits, dayMs } = options;
  const random = createRandom(seed);
  const alone = [
    ...range(people).flatMap((thing) => copiesOf(random, cast, "contact", thing, personOf(random, thing))),
    ...range(companies).flatMap((thing) => copiesOf(random, cast, "company", thing, companyOf(random, thing))),
  ];
  const copies = deals === 0 ? alone : withRelations(createRandom(seed + 7), cast, alone, companies, deals);
  const scenarioThing = scenarioOf(copies);
  const writer = newWriter(random, cast, copies, deals > 0);
  return {
    seed,
    people,
    companies,
    deals,
    systems: cast.map(({ name }) => name),
    entities: deals > 0 ? ["company", "contact", "deal"] : ["company", "contact"],
    copies,
    scenarioThing,
    edits: [...scenario(scenarioThing), ...editsOf(random, writer, copies, scenarioThing, edits, dayMs)].sort(
      (a, b) => a.atMs - b.atMs,
    ),
  };
}

const given =
  "Ada Alan Barbara Carlos Chidi Dana Elena Farid Grace Hiro Ingrid Ivan Jamal Joao Karen Katrin Lars Leila Linus Mara Margaret Mateo Mei Nadia Noor Olga Omar Paul Priya Quentin Rosa Ruth Sam Sofia Tariq Tess Uma Viktor Wanda Yusuf Zoe".split(
    " ",
  );
const family =
  "Abbott Almeida Baker Bauer Becker Castro Chen Costa Dahl Diaz Engel Fischer Garcia Gruber Haddad Hansen Ito Jansen Kaya Keller Kim Kowalski Larsen Lehmann Lopez Maier Moreau Nakamura Nowak Okafor Olsen Petrov Popescu Ricci Rossi Santos Schmidt Silva Tanaka Vogel Weber Yilmaz Zhang".split(
    " ",
  );
const cities =
  "Berlin Hamburg Lisbon Porto Vienna Zurich Oslo Bergen Lyon Paris Madrid Sevilla Milan Turin Warsaw Krakow Ghent Utrecht Aarhus Malmo".split(
    " ",
  );
const titles = [
  "Account Manager",
  "Buyer",
  "CFO",
  "Data Engineer",
  "Head of Sales",
  "Office Manager",
  "Operations Lead",
  "Product Owner",
  "Support Lead",
  "VP Marketing",
];
const industries = ["Logistics", "Software", "Retail", "Energy", "Health", "Education"];
const offers = ["Rollout", "Renewal", "Pilot", "Training", "Spare parts", "Support", "Audit"];

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function pick<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** The truth about a person, from which the systems' copies deviate. The number makes names, e-mails and phones unique. */
function personOf(random: SeededRandom, thing: number): Record<string, string> {
  const firstName = pick(random, given);
  const lastName = pick(random, family);
  return {
    firstName,
    lastName,
    email:
      `${firstName}.${lastName}.${thing}@${pick(random, ["norrland", "alpina", "tidewell", "quandary", "brightly"])}.example`.toLowerCase(),
    phone: phoneOf(1_000_000 + thing),
    jobTitle: pick(random, titles),
    city: pick(random, cities),
    stage: pick(random, stages),
    notes: `Met at the ${pick(random, cities)} fair.`,
  };
}

function companyOf(random: SeededRandom, thing: number): Record<string, string> {
  const name = `${pick(random, family)} ${pick(random, ["Logistics", "Systems", "Foods", "Energy", "Labs"])} ${thing}`;
  return {
    name,
    domain: `${name.toLowerCase().replaceAll(" ", "-")}.example`,
    phone: phoneOf(7_000_000 + thing),
    city: pick(random, cities),
    industry: pick(random, industries),
  };
}

/** A German number in E.164. */
function phoneOf(number: number): string {
  return `+4930${number}`;
}

/** The copies of one thing: where it is known, and what has become of it there. */
function copiesOf(
  random: SeededRandom,
  cast: readonly Role[],
  entity: "contact" | "company",
  thing: number,
  truth: Record<string, string>,
): Copy[] {
  let present = cast.filter(({ share }) => random.chance(share)).map(({ name }) => name);
  if (present.length === 0) present = ["db"];
  const copies: Copy[] = [];
  for (const system of present) {
    const values = entity === "contact" ? messyPerson(random, truth, system) : messyCompany(random, truth);
    copies.push({ thing, entity, system, twin: false, values, ageDays: 1 + random.below(300) });
  }
  // One in sixty people is twice in a system. Where an e-mail is allowed only once, the second has none, just phone and name.
  const home = cast.find(({ name, twins }) => present.includes(name) && twins !== "none");
  if (entity === "company" || !random.chance(1 / 60) || home === undefined) return copies;
  const email = home.twins === "without-email" ? null : truth["email"]!.toUpperCase();
  const phone = () => otherPhoneForm(random, truth["phone"]!);
  const values = { ...truth, email, jobTitle: null, notes: null, city: null, phone: phone() };
  // Without phone and name nothing would tell that they are one person.
  const telling = copies.map((copy) => ({ ...copy, values: { ...copy.values, phone: phone() } }));
  return [...telling, { thing, entity, system: home.name, twin: true, values, ageDays: 300 + random.below(300) }];
}

/** Gives people an employer and companies deals, each in the systems that have a record of both. */
function withRelations(
  random: SeededRandom,
  cast: readonly Role[],
  alone: readonly Copy[],
  companies: number,
  count: number,
): Copy[] {
  const has = presence(alone);
  const employers = new Map<number, number>();
  const placed = (system: DemoSystem, entity: EntityName, thing: number) =>
    has(system, entity, thing) ? String(thing) : null;
  const copies = alone.map((copy): Copy => {
    if (copy.entity !== "contact") return copy;
    const employer = employers.get(copy.thing) ?? random.below(companies);
    employers.set(copy.thing, employer);
    // Not everybody noted where they work now.
    const noted = random.chance(0.05) ? random.below(companies) : employer;
    const company = random.chance(0.1) || copy.twin ? null : placed(copy.system, "company", noted);
    return { ...copy, values: { ...copy.values, company } };
  });
  const twice = new Set(copies.filter((copy) => copy.twin).map(({ thing }) => thing));
  const people = [...employers.keys()].filter((thing) => !twice.has(thing));
  const deals = range(count).flatMap((thing): Copy[] => {
    const contact = pick(random, people);
    const company = random.chance(0.8) ? employers.get(contact)! : random.below(companies);
    const truth = {
      title: `Deal ${thing}: ${pick(random, offers)}`,
      amount: String(1_000 + 50 * random.below(300)),
      stage: pick(random, dealStages),
      notes: `Offer of week ${1 + random.below(50)}.`,
    };
    const able = cast.filter(
      ({ name, dealsNeedSomebody }) =>
        !dealsNeedSomebody || has(name, "company", company) || has(name, "contact", contact),
    );
    let present = able.filter(({ share }) => random.chance(share)).map(({ name }) => name);
    if (present.length === 0) present = ["db"];
    return present.map((system) => {
      const stale = random.chance(0.1) ? { amount: String(900 + 50 * random.below(300)) } : {};
      const values = {
        ...truth,
        ...stale,
        stage: random.chance(0.1) ? dealStages[0] : truth.stage,
        notes: random.chance(0.2) ? null : truth.notes,
        company: placed(system, "company", company),
        contact: placed(system, "contact", contact),
      };
      return { thing, entity: "deal", system, twin: false, values, ageDays: 1 + random.below(300) };
    });
  });
  return [...copies, ...deals];
}

/** Whether a system has a record of a thing. */
function presence(copies: readonly Copy[]): (system: DemoSystem, entity: EntityName, thing: number) => boolean {
  const there = new Set(copies.map(({ system, entity, thing }) => `${system}/${entity}/${thing}`));
  return (system, entity, thing) => there.has(`${system}/${entity}/${thing}`);
}

/** What real exports show: other spellings and phone formats, missing fields, stale copies. */
function messyPerson(random: SeededRandom, truth: Record<string, string>, system: DemoSystem): Values {
  const values: Record<string, string | null> = { ...truth };
  if (random.chance(0.3)) values["email"] = shout(random, truth["email"]!);
  values["phone"] = otherPhoneForm(random, truth["phone"]!);
  if (random.chance(0.15)) values["firstName"] = ` ${truth["firstName"]}  `;
  if (random.chance(0.1)) values["lastName"] = truth["lastName"]!.toUpperCase();
  for (const field of ["phone", "jobTitle", "city", "notes"]) if (random.chance(0.12)) values[field] = null;
  if (random.chance(0.1)) values["city"] = pick(random, cities);
  if (random.chance(0.1)) values["jobTitle"] = pick(random, titles);
  if (random.chance(0.1)) values["stage"] = stages[0];
  if (system === "marketing" && random.chance(0.3)) values["notes"] = null;
  return values;
}

function messyCompany(random: SeededRandom, truth: Record<string, string>): Values {
  const values: Record<string, string | null> = { ...truth };
  if (random.chance(0.2)) values["domain"] = `https://www.${truth["domain"]}/`;
  if (random.chance(0.15)) values["name"] = `${truth["name"]} GmbH`;
  values["phone"] = otherPhoneForm(random, truth["phone"]!);
  for (const field of ["phone", "city", "industry"]) if (random.chance(0.15)) values[field] = null;
  return values;
}

function shout(random: SeededRandom, email: string): string {
  return random.chance(0.5) ? email.toUpperCase() : email.replace(/^./u, (letter) => letter.toUpperCase());
}

function otherPhoneForm(random: SeededRandom, phone: string): string {
  const local = phone.slice(5);
  const forms = [
    phone,
    `030 ${local}`,
    `+49 (0)30 ${local}`,
    `0049 30 ${local.slice(0, 3)} ${local.slice(3)}`,
    `(030) ${local.slice(0, 4)}-${local.slice(4)}`,
  ];
  return pick(random, forms);
}

/** The first person that both the CRM and the marketing tool know, with nothing unusual about them. */
function scenarioOf(copies: readonly Copy[]): number {
  const contacts = Map.groupBy(
    copies.filter((copy) => copy.entity === "contact"),
    (copy) => copy.thing,
  );
  for (const [thing, own] of contacts) {
    const places = own.map((copy) => copy.system);
    if (
      own.length === places.length &&
      places.includes("crm") &&
      places.includes("marketing") &&
      !own.some((copy) => copy.twin)
    )
      return thing;
  }
  throw new Error("The story has no person whom both CRM and marketing know.");
}

/** Where the contact of the scenario moves to. */
export function movedAddress(thing: number): string {
  return `grace.moved.${thing}@newplace.example`;
}

/**
 * The scenario "the email and the rep": a contact changes their e-mail in the marketing tool while a sales rep edits the same contact in the CRM.
 */
function scenario(thing: number): Edit[] {
  const contact = { entity: "contact" as const, thing };
  return [
    {
      ...contact,
      atMs: 900,
      system: "marketing",
      user: "Contact form",
      values: { email: movedAddress(thing) },
    },
    {
      ...contact,
      atMs: 950,
      system: "crm",
      user: "Rep Rosa",
      values: { jobTitle: "Chief Buyer (rep)", phone: phoneOf(9_900_000 + thing) },
    },
    {
      ...contact,
      atMs: 1_000,
      system: "crm",
      user: "Rep Rosa",
      values: { notes: `Called the rep back about offer ${thing}.` },
    },
  ];
}

/** Makes up what people write: each value is one that nobody else writes. */
type Writer = {
  fieldsOf(copy: Copy): readonly string[];
  /** `null` where there is nothing new to point to. */
  valueFor(copy: Copy, field: string): string | null;
  userOf(copy: Copy): string;
};

/** Often edited fields are named more than once. */
const edited: Readonly<Record<EntityName, readonly string[]>> = {
  contact: ["email", "phone", "phone", "jobTitle", "jobTitle", "city", "city", "notes"],
  company: ["phone", "city", "industry", "name"],
  deal: ["amount", "amount", "notes"],
};
/** What a second edit of the same moment is about, where it is not about the same. */
const otherwise: Readonly<Record<EntityName, readonly string[]>> = {
  contact: ["phone", "city"],
  company: ["phone", "city"],
  deal: ["amount", "notes"],
};

function newWriter(random: SeededRandom, cast: readonly Role[], copies: readonly Copy[], isRelated: boolean): Writer {
  const roles = new Map(cast.map((role) => [role.name, role]));
  const lacks = ({ system, entity }: Copy) => roles.get(system)?.lacks[entity] ?? [];
  const twice = new Set(copies.filter((copy) => copy.twin).map(({ entity, thing }) => `${entity}/${thing}`));
  const targets = Map.groupBy(
    copies.filter(({ entity, thing }) => !twice.has(`${entity}/${thing}`)),
    ({ system, entity }) => `${system}/${entity}`,
  );
  const used = new Map<string, Set<string>>();
  const usedBy = ({ entity, thing }: Copy, field: string) => {
    const key = `${entity}/${thing}/${field}`;
    const known = used.get(key) ?? new Set<string>();
    used.set(key, known);
    return known;
  };
  for (const copy of copies)
    for (const field of Object.keys(references[copy.entity])) usedBy(copy, field).add(copy.values[field] ?? "");
  let unique = 0;
  return {
    fieldsOf: (copy) =>
      [...edited[copy.entity], ...(isRelated ? Object.keys(references[copy.entity]) : [])].filter(
        (field) => !lacks(copy).includes(field),
      ),
    valueFor(copy, field) {
      const target = references[copy.entity][field];
      if (target === undefined) return uniqueValue(field, ++unique, copy);
      const known = usedBy(copy, field);
      const free = (targets.get(`${copy.system}/${target}`) ?? []).filter(({ thing }) => !known.has(String(thing)));
      if (free.length === 0) return null;
      const chosen = String(pick(random, free).thing);
      known.add(chosen);
      return chosen;
    },
    userOf: ({ system }) => pick(random, roles.get(system)!.users),
  };
}

/** People keep editing on all sides. One edit in five is met by another of the same field elsewhere within a moment. */
function editsOf(
  random: SeededRandom,
  writer: Writer,
  copies: readonly Copy[],
  scenarioThing: number,
  count: number,
  dayMs: number,
): Edit[] {
  const places = Map.groupBy(copies, (copy) => `${copy.entity} ${copy.thing}`);
  const things = [...places.values()].filter(
    (own) => !own.some((copy) => copy.twin) && !(own[0]!.entity === "contact" && own[0]!.thing === scenarioThing),
  );
  const edits: Edit[] = [];
  const edit = (atMs: number, copy: Copy, field: string): void => {
    if (!writer.fieldsOf(copy).includes(field)) return;
    const { entity, thing, system } = copy;
    const user = writer.userOf(copy);
    const value = writer.valueFor(copy, field);
    if (value !== null) edits.push({ atMs, entity, thing, system, user, values: { [field]: value } });
  };
  while (edits.length < count) {
    const own = pick(random, things);
    const copy = pick(random, own);
    const field = pick(random, writer.fieldsOf(copy));
    const atMs = Math.floor(random.fraction() * dayMs);
    edit(atMs, copy, field);
    const other = own.find((one) => one.system !== copy.system);
    if (other !== undefined && random.chance(0.2))
      edit(atMs + random.below(300), other, random.chance(0.5) ? field : pick(random, otherwise[copy.entity]));
  }
  return edits;
}

function uniqueValue(field: string, n: number, copy: Copy): string {
  switch (field) {
    case "email":
      return `changed.${n}.p${copy.thing}@moved.example`;
    case "phone":
      return phoneOf(2_000_000 + n);
    case "city":
      return `${cities[n % cities.length]} ${10_000 + n}`;
    case "jobTitle":
      return `${titles[n % titles.length]}, team ${n}`;
    case "industry":
      return `${industries[n % industries.length]} ${n}`;
    case "amount":
      return String(20_000 + n);
    case "name":
      return `Renamed ${copy.thing}-${n}`;
    default:
      return noteOf(n);
  }
}

function noteOf(n: number): string {
  const week = 1 + (n % 50);
  const notes = [
    `Wants a call back in week ${week} about offer ${4_000 + n}.`,
    `Asked for price list ${n} again, decides in week ${week}.`,
    `Prefers invoices by mail since order ${4_000 + n}.`,
    `On leave until week ${week}; ask the deputy about ticket ${n}.`,
    `Happy with delivery ${4_000 + n}, may take the larger plan.`,
  ];
  return notes[n % notes.length] ?? "";
}
