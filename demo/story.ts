import { createRandom, type SeededRandom } from "../sandbox/core/random.ts";

/** The three systems of the demo's small company. */
export const systems = ["crm", "db", "marketing"] as const;
export type DemoSystem = (typeof systems)[number];

export type EntityName = "contact" | "company";

/** Field values as the demo's world thinks of them: plain text, `null` for blank. */
export type Values = Readonly<Record<string, string | null>>;

/** The later stage wins; nobody moves back. */
export const stages = ["lead", "opportunity", "customer"] as const;

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
  readonly copies: readonly Copy[];
  readonly edits: readonly Edit[];
  /** The contact of the scenario "the email and the rep". */
  readonly scenarioThing: number;
};

export type StoryOptions = {
  readonly seed: number;
  readonly people: number;
  readonly companies: number;
  readonly edits: number;
  readonly dayMs: number;
};

/** Tells a whole story from its seed. */
export function tellStory({ seed, people, companies, edits, dayMs }: StoryOptions): Story {
  const random = createRandom(seed);
  const copies = [
    ...range(people).flatMap((thing) => copiesOf(random, "contact", thing, personOf(random, thing))),
    ...range(companies).flatMap((thing) => copiesOf(random, "company", thing, companyOf(random, thing))),
  ];
  const scenarioThing = scenarioOf(copies);
  return {
    seed,
    people,
    companies,
    copies,
    scenarioThing,
    edits: [...scenario(scenarioThing), ...editsOf(random, copies, scenarioThing, edits, dayMs)].sort(
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
function copiesOf(random: SeededRandom, entity: EntityName, thing: number, truth: Record<string, string>): Copy[] {
  const share = { crm: 0.7, db: 0.8, marketing: 0.6 };
  let present = systems.filter((system) => random.chance(share[system]));
  if (present.length === 0) present = ["db"];
  const copies: Copy[] = [];
  for (const system of present) {
    const values = entity === "contact" ? messyPerson(random, truth, system) : messyCompany(random, truth);
    copies.push({ thing, entity, system, twin: false, values, ageDays: 1 + random.below(300) });
  }
  // One in sixty people is twice in a system. HubSpot allows an e-mail only once: there the second has none, just phone and name.
  const home = present[0]!;
  if (entity === "company" || !random.chance(1 / 60)) return copies;
  const email = home === "crm" ? null : truth["email"]!.toUpperCase();
  const phone = () => otherPhoneForm(random, truth["phone"]!);
  const values = { ...truth, email, jobTitle: null, notes: null, city: null, phone: phone() };
  // Without phone and name nothing would tell that they are one person.
  const telling = copies.map((copy) => ({ ...copy, values: { ...copy.values, phone: phone() } }));
  return [...telling, { thing, entity, system: home, twin: true, values, ageDays: 300 + random.below(300) }];
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

const users: Readonly<Record<DemoSystem, readonly string[]>> = {
  crm: ["Rosa (sales)", "Tariq (sales)", "Ingrid (support)"],
  db: ["billing app", "web shop"],
  marketing: ["Noor (marketing)", "signup form"],
};

/** People keep editing on all sides. One edit in five is met by another of the same field elsewhere within a moment. */
function editsOf(
  random: SeededRandom,
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
  let unique = 0;
  const edit = (atMs: number, copy: Copy, field: string): Edit => ({
    atMs,
    entity: copy.entity,
    thing: copy.thing,
    system: copy.system,
    user: pick(random, users[copy.system]),
    values: { [field]: uniqueValue(field, ++unique, copy) },
  });
  while (edits.length < count) {
    const own = pick(random, things);
    const copy = pick(random, own);
    const field = pick(
      random,
      copy.entity === "contact"
        ? ["email", "phone", "phone", "jobTitle", "jobTitle", "city", "city", "notes"]
        : ["phone", "city", "industry", "name"],
    );
    const atMs = Math.floor(random.fraction() * dayMs);
    edits.push(edit(atMs, copy, field));
    const other = own.find((one) => one.system !== copy.system);
    if (other !== undefined && random.chance(0.2))
      edits.push(edit(atMs + random.below(300), other, random.chance(0.5) ? field : pick(random, ["phone", "city"])));
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
