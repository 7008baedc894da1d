import { type Role, roles } from "../../../model/match-role.ts";
import { isCommonFamily, isCommonGiven } from "./common-names.ts";
import { isLegalForm } from "./legal-forms.ts";
import { comparable } from "./text.ts";

export type Column = { readonly name: string; readonly role: Role };

/** What a table of unknown columns is about. */
export type EntityKind = "contact" | "company";

/** Column names as they are met, without separators and case, by role. */
const headers: readonly (readonly [Role, string])[] = [
  [
    "id",
    "recordid id rowid uid guid uuid nr no lfdnr rownr rownumber rownum identifiant identifier identificador fanhao bianhao xuhao",
  ],
  ["source", "source system sourcesystem origin datasource dataset"],
  [
    "given",
    "firstname givenname forename fname first given vorname prenom nombre nome firstnames givennames fnamec1 christianname imya voornaam fornamn fornavn imie jmeno isim keresztnev etunimi ming mingzi",
  ],
  ["middle", "middlename middle secondname middleinitial mi fnamec2 zweitername otchestvo patronymic"],
  [
    "family",
    "lastname surname familyname lname last family nachname familienname nom apellido apellidos cognome sobrenome lnamec1 surnames familiya achternaam efternamn etternavn efternavn nazwisko prijmeni soyad soyadi vezeteknev sukunimi xing seong",
  ],
  [
    "full-name",
    "fullname contactname personname displayname contact nomcomplet vollername person xingming shiming volledigenaam namn fullnamn nombrecompleto nomecompleto nomecognome fio mingqian ileum seongmyeong",
  ],
  ["suffix", "suffix namesuffix generation"],
  [
    "organisation",
    "company companyname organisation organization organisationname organizationname org account accountname employer firm business businessname firma unternehmen societe empresa azienda vendorname suppliername legalname tradename restaurant hotel venuename shopname storename gongsi kompaniya organizatsiya bedrijf foretag virksomhed spolecnost huisheming gongsiming gongsimingcheng hoesa",
  ],
  ["authors", "authors author autoren auteurs creators by writers artist singer band performer"],
  ["venue", "venue journal conference booktitle publication proceedings publisher"],
  ["year", "year pubyear publicationyear jahr annee"],
  ["description", "description desc details summary abstract beschreibung text notes"],
  ["brand", "brand manufacturer maker marke hersteller vendor"],
  ["price", "price cost listprice amount preis prix msrp"],
  ["title", "title titel titre producttitle productname product articlename itemname item song papertitle"],
  [
    "email",
    "email emailaddress mail emails primaryemail workemail mailaddress correo courriel emailadresse epost emailid emailaddr youxiang correoelectronico indirizzoemail meruadoresu imeil",
  ],
  [
    "phone",
    "phone phonenumber telephone tel mobile mobilephone cell cellphone telefon handy telefono phones workphone homephone landline fon mobil telefonnummer rufnummer dianhua shouji telefone telefonas telefoon telefonnr mobiltelefon celular cellulare contactnumber phoneno telno mobileno telephonenumber dianhuafanhao xiedaidianhua jeonhwabeonho",
  ],
  ["website", "website url web domain homepage site webseite webpage companydomain companywebsite"],
  [
    "street",
    "street streetaddress address addressline1 address1 addr address1line mailingstreet strasse rue adresse direccion calle streetname line1 addressline anschrift dizhi dezhi adres ulica ulice rua indirizzo endereco domicilio straat gata gatuadress utca registeredaddress officeaddress postaladdress fulladdress homeaddress businessaddress mailingaddress residentialaddress zhusuo juso",
  ],
  ["street-number", "streetnumber housenumber houseno streetno hausnummer number1"],
  ["street-2", "address2 addressline2 line2 unit apartment street2 building"],
  [
    "city",
    "city town suburb locality place ort stadt ville ciudad citta municipality birthplace placeofbirth mailingcity chengshi gorod miasto mesto cidade woonplaats plaats sehir varos kaupunki cityname townorcity posttown shiqutingcun",
  ],
  [
    "postcode",
    "postcode postalcode zip zipcode plz codepostal postcodefake cap mailingpostalcode pincode kodpocztowy psc postnummer postnr cep iranyitoszam codigopostal zipcode5 postkod indeks youbianfanhao youbian",
  ],
  [
    "region",
    "state region province county stateprovince bundesland canton department mailingstate wojewodztwo oblast estado regione regiao",
  ],
  ["country", "country countrycode land pays pais nation mailingcountry kraj strana paese pais2 maa orszag"],
  [
    "birth-date",
    "dob dateofbirth birthdate birthday geburtsdatum datedenaissance fechadenacimiento birth born bday fechanacimiento datadenascimento datanascimento datanascita datadinascita datenaissance geboortedatum fodelsedatum fodselsdato dataurodzenia datumnarozeni datarozhdeniya bdate birthdt shengnianyueri chushengriqi saengnyeonwolil",
  ],
  ["birth-year", "birthyear by yob yearofbirth geburtsjahr"],
  ["birth-month", "birthmonth bm mob monthofbirth"],
  ["birth-day", "bd birthdayofmonth dayofbirth"],
  [
    "number",
    "ssn socsecid socialsecuritynumber nationalid taxid vat vatnumber vatid taxnumber ein duns lei passport passportno registrationnumber companynumber nino isbn ean upc gtin asin doi sku siret siren nhsnumber licencenumber license modelno modelnumber modelnr mpn partnumber partno manufacturerpartnumber issn pmid registrationno companyno vatno abn acn nif cif siretnumber",
  ],
  ["external-id", "externalid extid foreignid erpid sourceid"],
  [
    "text",
    "gender sex type category occupation jobtitle role department industry cuisine profession genre class kind status language nationality age position",
  ],
];

const roleOfHeader = new Map<string, Role>();
for (const [role, names] of headers) for (const name of names.split(" ")) roleOfHeader.set(name, role);

/**
 * Says what each column holds: as mapped by the caller (field=column), else by its name, else by what its values look like. `kind` decides
 * what a column called just "name" is; without it the values do.
 */
export function recogniseColumns(
  names: readonly string[],
  samples: (column: number) => readonly string[],
  kind: EntityKind | null,
  map: ReadonlyMap<string, Role>,
): Column[] {
  const columns = names.map((name, index) => ({
    name,
    role: map.get(name) ?? byHeader(name) ?? byContent(name, samples(index)),
  }));
  const has = (role: Role) => columns.some((column) => column.role === role);
  const surname = surnameBesideGiven(columns, samples, map);
  const person = has("given") || has("family") || has("full-name") || has("birth-date") || has("birth-year");
  return columns.map(({ name, role }, index) => {
    if (map.has(name)) return { name, role: role as Role };
    if (index === surname) return { name, role: "family" };
    if (isPlainName(name) || isLoneName(name, has)) return { name, role: nameRole(samples(index), kind, has) };
    // Beside a person's name a title is Dr or a position, and a year alone is not a publication's.
    if (role === "title" && person) return { name, role: "text" };
    return { name, role: role as Role };
  });
}

/** Whose name it is, a person's or a company's, is told by what stands in the column. */
const isPlainName = (name: string) => /^(?:names?|customername|kundenname|clientname|cliente|klant)$/.test(plain(name));

/** "Nom" is a surname beside "prénom", and a name of anything alone; so is "nombre" without "apellidos". */
function isLoneName(name: string, has: (role: Role) => boolean): boolean {
  return plain(name) === "nom" ? !has("given") : /^(?:nombre|nome|imya|imie)$/.test(plain(name)) && !has("family");
}

export const plain = (name: string): string => comparable(name).replace(/[^a-z0-9]+/g, "");

/** What a column of this name holds, in any of the languages known; undefined where the name does not tell. */
export function byHeader(name: string): Role | undefined {
  return roleOfHeader.get(plain(name)) ?? roleOfHeader.get(plain(name).replace(/\d+$/, "")) ?? byHeaderPart(name);
}

/** "billing_email", "Phone (work)": the last or first word that says it. */
function byHeaderPart(name: string): Role | undefined {
  const words = comparable(name.replace(/([a-z])([A-Z])/g, "$1 $2"))
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  if (words.length < 2) return undefined;
  if (words.includes("full") && words.includes("name")) return "full-name";
  if (words.includes("first") && (words.includes("last") || words.includes("surname"))) return "full-name";
  for (const word of [words.at(-1) as string, words[0] as string]) {
    const role = roleOfHeader.get(word);
    if (
      role === "email" ||
      role === "phone" ||
      role === "website" ||
      role === "city" ||
      role === "postcode" ||
      role === "country" ||
      role === "street"
    )
      return role;
  }
  return undefined;
}

/** Where given names are known by their values, what stands beside them in single words is the surname; -1: nothing does. */
function surnameBesideGiven(
  columns: readonly { readonly name: string; readonly role: Role | undefined }[],
  samples: (column: number) => readonly string[],
  map: ReadonlyMap<string, Role>,
): number {
  const given = columns.findIndex(({ role }) => role === "given");
  const hasFamily = columns.some(({ role }) => role === "family" || role === "full-name");
  if (given < 0 || hasFamily) return -1;
  const mayBe = (index: number) => {
    const column = columns[index];
    if (column === undefined || column.role !== "text" || map.has(column.name) || byHeader(column.name) !== undefined)
      return false;
    const values = samples(index).filter((value) => value.trim() !== "");
    return shareOf(values, isNameLike) > 0.9 && new Set(values).size > values.length / 3;
  };
  return [given + 1, given - 1].find(mayBe) ?? -1;
}

const isNameLike = (value: string) => /^[a-z'-]{2,}(?: [a-z'-]+){0,2}$/.test(comparable(value));

function nameRole(values: readonly string[], kind: EntityKind | null, has: (role: Role) => boolean): Role {
  if (has("price") || has("brand")) return "title";
  if (kind === "company") return "organisation";
  if (kind === "contact") return has("given") || has("family") ? "organisation" : "full-name";
  // Beside a company or a birth date a name is a person's.
  return has("organisation") || has("birth-date") || looksLikePeople(values) ? "full-name" : "organisation";
}

function looksLikePeople(values: readonly string[]): boolean {
  return (
    shareOf(values, (value) => {
      const words = comparable(value)
        .split(/[^a-z]+/)
        .filter((word) => word !== "");
      return (
        words.length <= 4 && !words.some(isLegalForm) && words.some((word) => isCommonGiven(word)) && words.length >= 2
      );
    }) > 0.3
  );
}

/** A column without a telling name, by its values. */
function byContent(name: string, values: readonly string[]): Role | undefined {
  if (isPlainName(name)) return "full-name";
  const filled = values.filter((value) => value.trim() !== "");
  if (filled.length === 0 || isCounting(filled)) return "ignore";
  if (shareOf(filled, (value) => /^\S+@\S+\.\S+$/.test(value.trim())) > 0.7) return "email";
  if (shareOf(filled, looksLikeStreet) > 0.6) return "street";
  if (shareOf(filled, (value) => /^(?:https?:\/\/|www\.)\S+$/i.test(value.trim())) > 0.7) return "website";
  if (shareOf(filled, looksLikePhone) > 0.7 && !looksLikeDates(filled)) return "phone";
  if (looksLikeDates(filled)) return /birth|dob|born|geb/.test(plain(name)) ? "birth-date" : "text";
  if (shareOf(filled, isGiven) > 0.4) return "given";
  if (shareOf(filled, isFamily) > 0.3) return "family";
  if (looksLikePeople(filled)) return "full-name";
  if (
    shareOf(filled, (value) =>
      comparable(value)
        .split(/[^a-z]+/)
        .some(isLegalForm),
    ) > 0.3
  )
    return "organisation";
  if (shareOf(filled, (value) => value.split(/\s+/).length > 8) > 0.5) return "description";
  return "text";
}

/** 1, 2, 3: the rows are numbered, whatever the column is called. */
function isCounting(values: readonly string[]): boolean {
  const numbers = values.map((value) => (/^\d{1,9}$/.test(value.trim()) ? Number(value) : Number.NaN));
  return values.length > 2 && numbers.every((number, i) => i === 0 || number === (numbers[i - 1] as number) + 1);
}

const isGiven = (value: string) => {
  const words = comparable(value).split(" ");
  return words.length <= 2 && words.every(isCommonGiven);
};
const isFamily = (value: string) => isCommonFamily(comparable(value));

/** Seven digits and more with something between them; not years (1990-1995), codes of places (12345-6789) or of journals (1234-5678). */
function looksLikePhone(value: string): boolean {
  const text = value.trim();
  const digits = text.replace(/\D/g, "").length;
  return (
    digits >= 7 &&
    digits <= 15 &&
    /^\+?[\d\s()./-]+$/.test(text) &&
    /[\s+()./-]/.test(text) &&
    !/^\d{4,5}-\d{4}$/.test(text)
  );
}

/** "12 Main St", "Hauptstr. 5": a house number before or after words. */
function looksLikeStreet(value: string): boolean {
  const text = comparable(value).trim();
  return (
    /^\d{1,5}[a-z]? (?:[a-z.'-]+ ?){1,4}$/.test(text) ||
    /^[a-z.' -]{4,40}(?:str|strasse|weg|platz|allee|street|road|gasse|gata|straat|laan)\.? \d{1,4} ?[a-z]?$/.test(text)
  );
}

function looksLikeDates(values: readonly string[]): boolean {
  return (
    shareOf(values, (value) =>
      /^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?:[T ].*)?$/.test(value.trim()),
    ) > 0.7
  );
}

function shareOf(values: readonly string[], test: (value: string) => boolean): number {
  return values.length === 0 ? 0 : values.filter(test).length / values.length;
}

export const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);
