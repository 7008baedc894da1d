import type { FieldType } from "../../model/field-type.ts";

/** Something that systems hold under many names. */
export type Concept = {
  /** The field's name in the config. */
  readonly field: string;
  readonly type: FieldType["kind"];
  /** As they are called, words apart, the surest first. */
  readonly names: readonly string[];
};

export type EntityConcept = {
  readonly entity: string;
  /** Names of objects, in the singular. */
  readonly names: readonly string[];
  readonly fields: readonly Concept[];
  /** Identity keys, strongest first; those whose fields were found are proposed. */
  readonly identity: readonly (readonly string[])[];
};

const email = concept("email", "email", "email", "e mail", "email address", "primary email", "work email", "mail");
const phone = concept(
  "phone",
  "phone",
  "phone",
  "phone number",
  "telephone",
  "tel",
  "work phone",
  "business phone",
  "main phone",
);
const website = concept("website", "url", "website", "website url", "homepage", "home page", "web site", "url");
const place = [
  concept(
    "street",
    "address",
    "street",
    "street address",
    "address",
    "address 1",
    "address line 1",
    ...addressed("street"),
  ),
  concept("city", "text", "city", "town", "locality", ...addressed("city")),
  concept("state", "text", "state", "state region", "region", "province", ...addressed("state")),
  concept("zip", "text", "zip", "zip code", "postal code", "postcode", ...addressed("postal code")),
  concept("country", "text", "country", "country region", ...addressed("country")),
];
const notes = concept("notes", "text", "notes", "note", "comments", "comment", "remarks");

/** What customer data nearly always is made of. */
export const entityConcepts: readonly EntityConcept[] = [
  {
    entity: "contact",
    names: ["contact", "person", "people", "lead", "customer", "subscriber", "member", "user"],
    fields: [
      email,
      concept("firstName", "name", "first name", "firstname", "given name", "forename", "fname"),
      concept("lastName", "name", "last name", "lastname", "surname", "family name", "lname"),
      concept("fullName", "name", "full name", "fullname", "display name", "name"),
      phone,
      concept("mobile", "phone", "mobile", "mobile phone", "mobile phone number", "cell phone", "cell"),
      concept("jobTitle", "text", "job title", "jobtitle", "position", "title"),
      concept(
        "companyName",
        "text",
        "company",
        "company name",
        "organization",
        "organisation",
        "employer",
        "account name",
      ),
      ...place,
      website,
      concept("birthday", "date", "birthday", "date of birth", "birth date", "dob"),
      concept("stage", "choice", "stage", "lifecycle stage", "lifecyclestage"),
      notes,
    ],
    identity: [["email"], ["phone", "lastName"], ["phone", "fullName"]],
  },
  {
    entity: "company",
    names: ["company", "account", "organization", "organisation", "business", "client", "firm"],
    fields: [
      concept("domain", "domain", "domain", "domain name", "company domain name", "company domain"),
      concept(
        "name",
        "name",
        "name",
        "company name",
        "account name",
        "organization name",
        "organisation name",
        "company",
      ),
      phone,
      email,
      website,
      ...place,
      concept("industry", "text", "industry", "sector", "branch"),
      concept(
        "employees",
        "number",
        "number of employees",
        "numberofemployees",
        "employees",
        "employee count",
        "headcount",
      ),
      notes,
    ],
    identity: [["domain"], ["name", "city"]],
  },
  {
    entity: "deal",
    names: ["deal", "opportunity"],
    fields: [
      concept("name", "text", "deal name", "dealname", "name", "title", "opportunity name"),
      concept("amount", "number", "amount", "value", "deal value"),
      concept("closeDate", "date", "close date", "closedate", "closing date", "expected close date"),
      concept("stage", "choice", "stage", "deal stage", "dealstage", "stage name"),
    ],
    identity: [],
  },
];

/** Where a record has several addresses, the one that post goes to. */
function addressed(part: string): readonly string[] {
  return [`mailing ${part}`, `billing ${part}`];
}

function concept(field: string, type: FieldType["kind"], ...names: string[]): Concept {
  return { field, type, names };
}
