/** Local parts of mailboxes that several people read or that no one does, without separators: "customer-care" is "customercare". */
export const roleMailboxNames: ReadonlySet<string> = new Set(
  `abuse accounting accounts accountspayable accountsreceivable admin administration administrator ads advertising
  alert alerts all alle allstaff anfrage announcements ap api app applications apply appointments apps ar asistencia
  atendimento automated backup bestellung billing biuro booking bookings buchhaltung bugs bureau business
  businessdevelopment calendar callcenter campaign care career careers ceo chat client clientes clients
  clientservices comercial commercial communication communications community company compliance compras compta
  comptabilite comunicacion consulting contabilidad contabilita contact contacto contactus contato coordinator
  corporate courses crm customer customercare customers customerservice customersuccess customersupport daemon data
  dataprotection datenschutz deals delivery design dev developer developers devnull devops digital direccion
  direction director dispatch dns docs domain domains donate donations donotreply dpo ecommerce editor editorial
  education einkauf email empfang employment engineering enquiries enquiry epost error errors escritorio event
  events everybody everyone executive expenses export facilities facturacion fax feedback finance finanzas founders
  frontdesk frontoffice ftp gdpr general gerencia global grants group groups growth headoffice hello help helpdesk
  hiring hola home hosting hostmaster hr human humanresources import inbox info informacion informatica information
  innovation inquiries inquiry internal internship invest investor investorrelations investors invoice invoices
  invoicing it itsupport job jobs junk kontakt kundendienst kundenservice kundeservice kundsupport lab leads
  learning legal library licensing list listserv logistica logistics mail mailbox mailerdaemon mailing maintenance
  management manager market marketing media members membership monitoring network newbusiness news newsletter noc
  noreply notification notifications office officemanager oficina online operaciones operations ops order orders
  owner partner partners partnerships pay payable payment payments payroll people personal personnel post postmaster
  pr praxis press presse principal privacy procurement produccion product production products program programs
  project projects promo promotions proveedores publicidad purchase purchasing qa quality questions quotes receipts
  recepcion reception rechnung rechnungen recruiting recruitment redaccion redaction redaktion redazione referrals
  register registrar registration reply reports request requests research reservas reservation reservations response
  retail returns root rrhh sale sales salesteam secretaria secretariat secretary security sekretariat server service
  servicedesk services shareholders shipping shop signup social socialmedia software solutions soporte sos spam
  sponsorship staff store studio submissions subscribe subscriptions success suggestions suporte supplier suppliers
  support sysadmin system talent tax team tech technical technik techsupport tickets todos trade training travel
  treasurer undisclosedrecipients unsubscribe update updates usenet user users uucp vendas vendor ventas verkauf
  vertrieb verwaltung volunteer volunteers warehouse web webadmin webinar webmaster website webteam welcome whois
  wholesale wordpress workshop www zentrale`.split(/\s+/),
);
