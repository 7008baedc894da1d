import type { FieldDraft } from "./field.ts";

export type ObjectDraft = {
  readonly name: string;
  readonly label: string;
  readonly keyPrefix: string;
  readonly fields: readonly FieldDraft[];
  /** Contacts, accounts and leads can be merged. */
  readonly mergeable?: boolean;
  readonly recordTypes?: boolean;
};

const industries = ["Agriculture", "Banking", "Construction", "Education", "Technology", "Other"];
const sources = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"];

function text(name: string, length: number, rest: Partial<FieldDraft> = {}): FieldDraft {
  return { name, type: "string", length, ...rest };
}

function address(prefix: string): readonly FieldDraft[] {
  const compound = `${prefix}Address`;
  return [
    { name: `${prefix}Street`, type: "textarea", length: 255, compound },
    text(`${prefix}City`, 40, { compound }),
    text(`${prefix}State`, 80, { compound }),
    text(`${prefix}PostalCode`, 20, { compound }),
    text(`${prefix}Country`, 80, { compound }),
    { name: compound, type: "address", readOnly: true },
  ];
}

const owner: FieldDraft = {
  name: "OwnerId",
  type: "reference",
  referenceTo: ["User"],
  defaulted: true,
  required: true,
};
const description: FieldDraft = { name: "Description", type: "textarea", length: 32_000 };

const person: readonly FieldDraft[] = [
  { name: "Salutation", type: "picklist", values: ["Mr.", "Ms.", "Dr."], compound: "Name" },
  text("FirstName", 40, { compound: "Name" }),
  text("LastName", 80, { compound: "Name", required: true }),
  text("Name", 121, { readOnly: true, nameField: true, required: true }),
  { name: "Email", type: "email", idLookup: true },
  { name: "Phone", type: "phone" },
  { name: "MobilePhone", type: "phone" },
  { name: "DoNotCall", type: "boolean" },
  { name: "HasOptedOutOfEmail", type: "boolean" },
  { name: "LeadSource", type: "picklist", values: sources },
];

/** The fields of person accounts that an account has once they are switched on. */
export const personAccountFields: readonly FieldDraft[] = [
  { name: "IsPersonAccount", type: "boolean", readOnly: true },
  { name: "Salutation", type: "picklist", values: ["Mr.", "Ms.", "Dr."], compound: "Name" },
  text("FirstName", 40, { compound: "Name" }),
  text("LastName", 80, { compound: "Name" }),
  { name: "PersonEmail", type: "email", idLookup: true },
  { name: "PersonMobilePhone", type: "phone" },
  { name: "PersonContactId", type: "reference", referenceTo: ["Contact"], readOnly: true },
];

/** The objects that every org has, as far as the sandbox knows them. */
export const standardObjects: readonly ObjectDraft[] = [
  {
    name: "Account",
    label: "Account",
    keyPrefix: "001",
    mergeable: true,
    recordTypes: true,
    fields: [
      text("Name", 255, { required: true, nameField: true }),
      text("AccountNumber", 40),
      { name: "Type", type: "picklist", values: ["Prospect", "Customer", "Partner", "Other"] },
      { name: "Industry", type: "picklist", values: industries },
      { name: "Phone", type: "phone" },
      { name: "Website", type: "url" },
      { name: "AnnualRevenue", type: "currency", scale: 0 },
      { name: "NumberOfEmployees", type: "int" },
      { name: "ParentId", type: "reference", referenceTo: ["Account"] },
      description,
      ...address("Billing"),
      owner,
    ],
  },
  {
    name: "Contact",
    label: "Contact",
    keyPrefix: "003",
    mergeable: true,
    recordTypes: true,
    fields: [
      ...person,
      text("Title", 128),
      text("Department", 80),
      { name: "Birthdate", type: "date" },
      { name: "AccountId", type: "reference", referenceTo: ["Account"] },
      { name: "ReportsToId", type: "reference", referenceTo: ["Contact"] },
      description,
      ...address("Mailing"),
      owner,
    ],
  },
  {
    name: "Lead",
    label: "Lead",
    keyPrefix: "00Q",
    mergeable: true,
    recordTypes: true,
    fields: [
      ...person,
      text("Title", 128),
      text("Company", 255, { required: true }),
      {
        name: "Status",
        type: "picklist",
        values: ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
        defaultValue: "Open - Not Contacted",
        required: true,
      },
      { name: "Industry", type: "picklist", values: industries },
      { name: "AnnualRevenue", type: "currency", scale: 0 },
      { name: "Website", type: "url" },
      { name: "IsConverted", type: "boolean", readOnly: true },
      description,
      ...address(""),
      owner,
    ],
  },
  {
    name: "Opportunity",
    label: "Opportunity",
    keyPrefix: "006",
    recordTypes: true,
    fields: [
      text("Name", 120, { required: true, nameField: true }),
      {
        name: "StageName",
        type: "picklist",
        values: ["Prospecting", "Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost"],
        required: true,
      },
      { name: "CloseDate", type: "date", required: true },
      { name: "Amount", type: "currency" },
      { name: "Probability", type: "percent", scale: 0, precision: 3 },
      { name: "Type", type: "picklist", values: ["New Customer", "Existing Customer"] },
      { name: "LeadSource", type: "picklist", values: sources },
      text("NextStep", 255),
      { name: "AccountId", type: "reference", referenceTo: ["Account"] },
      { name: "IsClosed", type: "boolean", readOnly: true },
      { name: "IsWon", type: "boolean", readOnly: true },
      description,
      owner,
    ],
  },
  {
    name: "OpportunityContactRole",
    label: "Opportunity Contact Role",
    keyPrefix: "00K",
    fields: [
      { name: "OpportunityId", type: "reference", referenceTo: ["Opportunity"], required: true },
      { name: "ContactId", type: "reference", referenceTo: ["Contact"], required: true },
      { name: "Role", type: "picklist", values: ["Decision Maker", "Economic Buyer", "Evaluator", "Influencer"] },
      { name: "IsPrimary", type: "boolean" },
    ],
  },
  {
    name: "User",
    label: "User",
    keyPrefix: "005",
    fields: [
      text("Username", 80, { required: true, idLookup: true }),
      text("LastName", 80, { required: true }),
      text("FirstName", 40),
      text("Name", 121, { readOnly: true, nameField: true }),
      { name: "Email", type: "email", required: true },
      { name: "IsActive", type: "boolean" },
    ],
  },
  {
    name: "RecordType",
    label: "Record Type",
    keyPrefix: "012",
    fields: [
      text("Name", 80, { required: true, nameField: true }),
      text("DeveloperName", 80, { required: true }),
      text("SobjectType", 40, { required: true }),
      { name: "IsActive", type: "boolean" },
    ],
  },
];

/** Objects by which rights are given. */
export const permissionObjects: readonly ObjectDraft[] = [
  {
    name: "PermissionSet",
    label: "Permission Set",
    keyPrefix: "0PS",
    fields: [text("Name", 80, { required: true, nameField: true }), { name: "IsOwnedByProfile", type: "boolean" }],
  },
  {
    name: "PermissionSetAssignment",
    label: "Permission Set Assignment",
    keyPrefix: "0Pa",
    fields: [
      { name: "AssigneeId", type: "reference", referenceTo: ["User"], required: true },
      { name: "PermissionSetId", type: "reference", referenceTo: ["PermissionSet"], required: true },
    ],
  },
  {
    name: "FieldPermissions",
    label: "Field Permissions",
    keyPrefix: "01k",
    fields: [
      { name: "ParentId", type: "reference", referenceTo: ["PermissionSet"], required: true },
      text("SobjectType", 40, { required: true }),
      text("Field", 120, { required: true }),
      { name: "PermissionsRead", type: "boolean" },
      { name: "PermissionsEdit", type: "boolean" },
    ],
  },
];

/** Objects of the set-up, which the Tooling API alone shows. */
export const toolingObjects: readonly ObjectDraft[] = [
  {
    name: "PlatformEventChannelMember",
    label: "Platform Event Channel Member",
    keyPrefix: "0v8",
    fields: [
      text("DeveloperName", 80),
      text("EventChannel", 80, { required: true }),
      text("SelectedEntity", 80, { required: true }),
    ],
  },
];

/** Every object's own bookkeeping. */
export function systemFields(draft: ObjectDraft): readonly FieldDraft[] {
  return [
    { name: "Id", type: "id", readOnly: true, required: true, defaulted: true, label: "Record ID" },
    { name: "IsDeleted", type: "boolean", readOnly: true },
    ...(draft.mergeable === true
      ? [{ name: "MasterRecordId", type: "reference" as const, referenceTo: [draft.name], readOnly: true }]
      : []),
    ...(draft.recordTypes === true
      ? [{ name: "RecordTypeId", type: "reference" as const, referenceTo: ["RecordType"] }]
      : []),
    { name: "CreatedDate", type: "datetime", readOnly: true, required: true, defaulted: true },
    { name: "CreatedById", type: "reference", referenceTo: ["User"], readOnly: true, required: true, defaulted: true },
    { name: "LastModifiedDate", type: "datetime", readOnly: true, required: true, defaulted: true },
    {
      name: "LastModifiedById",
      type: "reference",
      referenceTo: ["User"],
      readOnly: true,
      required: true,
      defaulted: true,
    },
    { name: "SystemModstamp", type: "datetime", readOnly: true, required: true, defaulted: true },
  ];
}
