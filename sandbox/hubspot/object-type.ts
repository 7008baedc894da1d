import { completeProperty, type Property, type PropertyDraft } from "./property.ts";

/** A kind of record. */
export type ObjectType = {
  /** `0-1`, `2-100001` ... */
  readonly id: string;
  /** As paths name it: `contacts`. */
  readonly name: string;
  /** As webhook types name it: `contact`. */
  readonly singular: string;
  readonly labels: { readonly singular: string; readonly plural: string };
  readonly modifiedProperty: "lastmodifieddate" | "hs_lastmodifieddate";
  readonly createdProperty: "createdate" | "hs_createdate";
  /** Answered when a read names none. */
  readonly defaultProperties: readonly string[];
  /** A create needs at least one of each group. */
  readonly requiredOneOf: readonly (readonly string[])[];
  readonly primaryDisplayProperty: string;
  readonly groupName: string;
  readonly custom: boolean;
};

type Standard = { readonly type: ObjectType; readonly properties: readonly Property[] };

const definedAt = "2019-08-06T02:41:08.204Z";
const stages = [
  "subscriber",
  "lead",
  "marketingqualifiedlead",
  "salesqualifiedlead",
  "opportunity",
  "customer",
  "evangelist",
  "other",
];
/** Stages of the deal pipeline that every account starts with, first to last. */
export const dealStages = [
  "appointmentscheduled",
  "qualifiedtobuy",
  "presentationscheduled",
  "decisionmakerboughtin",
  "contractsent",
  "closedwon",
  "closedlost",
];
const ticketStages = ["1", "2", "3", "4"];

const text = (...names: string[]): PropertyDraft[] => names.map((name) => ({ name, type: "string" }));
const number = (...names: string[]): PropertyDraft[] => names.map((name) => ({ name, type: "number" }));
const choice = (name: string, values: readonly string[], fieldType = "select"): PropertyDraft => ({
  name,
  type: "enumeration",
  fieldType,
  options: values.map((value) => ({ value })),
});
const owner: PropertyDraft = {
  name: "hubspot_owner_id",
  type: "enumeration",
  fieldType: "select",
  externalOptions: true,
};
const industries = ["COMPUTER_SOFTWARE", "CONSUMER_GOODS", "FINANCIAL_SERVICES", "HOSPITAL_HEALTH_CARE", "RETAIL"];
const address = text("address", "city", "state", "zip", "country");

export const standardTypes: readonly Standard[] = [
  standard("0-1", "contacts", "contact", {
    defaults: ["email", "firstname", "lastname"],
    requiredOneOf: [["email", "firstname", "lastname"]],
    display: "firstname",
    groupName: "contactinformation",
    properties: [
      ...text("email", "firstname", "lastname", "salutation", "jobtitle", "company", "website", "fax", "message"),
      ...address,
      { name: "phone", type: "string", fieldType: "phonenumber" },
      { name: "mobilephone", type: "string", fieldType: "phonenumber" },
      { name: "date_of_birth", type: "string" },
      { name: "closedate", type: "datetime" },
      ...number("annualrevenue", "numemployees", "associatedcompanyid"),
      { name: "hs_email_optout", type: "bool" },
      choice("lifecyclestage", stages, "radio"),
      choice("hs_lead_status", ["NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "UNQUALIFIED"], "radio"),
      choice("hs_buying_role", ["BLOCKER", "BUDGET_HOLDER", "CHAMPION", "DECISION_MAKER", "END_USER"], "checkbox"),
      ...text("hs_language", "hs_timezone"),
      owner,
    ],
    readOnly: text("hs_additional_emails", "hs_email_domain"),
  }),
  standard("0-2", "companies", "company", {
    defaults: ["domain", "name"],
    requiredOneOf: [["name", "domain"]],
    display: "name",
    groupName: "companyinformation",
    properties: [
      ...text("name", "domain", "website", "description", "about_us", "address2", "timezone"),
      ...address,
      { name: "phone", type: "string", fieldType: "phonenumber" },
      ...number("numberofemployees", "annualrevenue", "founded_year"),
      choice("industry", industries),
      choice("type", ["PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"], "radio"),
      { name: "is_public", type: "bool" },
      choice("lifecyclestage", stages, "radio"),
      owner,
    ],
    readOnly: text("hs_additional_domains"),
  }),
  standard("0-3", "deals", "deal", {
    defaults: ["amount", "closedate", "dealname", "dealstage", "pipeline"],
    requiredOneOf: [["dealname"], ["dealstage"]],
    display: "dealname",
    groupName: "dealinformation",
    properties: [
      ...text("dealname", "description", "deal_currency_code", "closed_lost_reason"),
      ...number("amount", "hs_deal_stage_probability"),
      { name: "closedate", type: "datetime" },
      choice("pipeline", ["default"]),
      choice("dealstage", dealStages, "radio"),
      choice("dealtype", ["newbusiness", "existingbusiness"], "radio"),
      choice("hs_priority", ["low", "medium", "high"]),
      owner,
    ],
    readOnly: [...number("amount_in_home_currency"), { name: "hs_is_closed", type: "bool" }],
  }),
  standard("0-5", "tickets", "ticket", {
    defaults: ["content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "subject"],
    requiredOneOf: [["subject"], ["hs_pipeline_stage"]],
    display: "subject",
    groupName: "ticketinformation",
    properties: [
      ...text("subject", "content"),
      choice("hs_pipeline", ["0"]),
      choice("hs_pipeline_stage", ticketStages),
      choice("hs_ticket_priority", ["LOW", "MEDIUM", "HIGH", "URGENT"]),
      choice(
        "hs_ticket_category",
        ["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"],
        "checkbox",
      ),
      owner,
    ],
    readOnly: [],
  }),
  standard("0-7", "products", "product", {
    defaults: ["description", "name", "price"],
    requiredOneOf: [["name"]],
    display: "name",
    groupName: "productinformation",
    properties: [...text("name", "description", "hs_sku"), ...number("price", "hs_cost_of_goods_sold")],
    readOnly: [],
  }),
];

/** Type, defaults and system properties of a custom object. */
export function customType(
  id: string,
  name: string,
  labels: ObjectType["labels"],
  required: readonly string[],
  primaryDisplayProperty: string,
): ObjectType {
  return {
    id,
    name,
    singular: "object",
    labels,
    modifiedProperty: "hs_lastmodifieddate",
    createdProperty: "hs_createdate",
    defaultProperties: [],
    requiredOneOf: required.map((property) => [property]),
    primaryDisplayProperty,
    groupName: `${name}_information`,
    custom: true,
  };
}

/** Properties that every type has and nobody may write. */
export function systemProperties(type: ObjectType, at: string): Property[] {
  const drafts: PropertyDraft[] = [
    { name: type.createdProperty, type: "datetime" },
    { name: type.modifiedProperty, type: "datetime" },
    { name: "hs_object_id", type: "number" },
    ...text("hs_merged_object_ids", "hs_object_source", "hs_object_source_id", "hs_object_source_label"),
  ];
  return drafts.map((draft) => completeProperty(draft, type.groupName, at, { readOnly: true, hubspotDefined: true }));
}

type Shape = {
  readonly defaults: readonly string[];
  readonly requiredOneOf: ObjectType["requiredOneOf"];
  readonly display: string;
  readonly groupName: string;
  readonly properties: readonly PropertyDraft[];
  readonly readOnly: readonly PropertyDraft[];
};

function standard(id: string, name: string, singular: string, shape: Shape): Standard {
  const modifiedProperty = name === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  const type: ObjectType = {
    id,
    name,
    singular,
    labels: { singular: capital(singular), plural: capital(name) },
    modifiedProperty,
    createdProperty: "createdate",
    defaultProperties: shape.defaults,
    requiredOneOf: shape.requiredOneOf,
    primaryDisplayProperty: shape.display,
    groupName: shape.groupName,
    custom: false,
  };
  const complete = (readOnly: boolean) => (draft: PropertyDraft) =>
    completeProperty(draft, shape.groupName, definedAt, { readOnly, hubspotDefined: true });
  return {
    type,
    properties: [
      ...shape.properties.map(complete(false)),
      ...shape.readOnly.map(complete(true)),
      ...systemProperties(type, definedAt),
    ],
  };
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
