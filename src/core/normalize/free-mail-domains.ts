/**
 * Domains under which anyone gets a mailbox: they say nothing about the company someone works for. The big providers by name;
 * those with one domain per country by the label before it.
 */
export const freeMailDomains: ReadonlySet<string> = new Set(
  `126.com 139.com 163.com 188.com 189.cn 21cn.com abv.bg aim.com alice.it aol.com arcor.de att.net bell.net bellsouth.net
  bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch bol.com.br btinternet.com btopenworld.com centrum.cz charter.net club-internet.fr
  comcast.net cox.net daum.net docomo.ne.jp duck.com earthlink.net email.com email.cz email.de embarqmail.com emailn.de ezweb.ne.jp
  fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de frontier.com frontiernet.net gmail.com googlemail.com
  gmx.at gmx.ch gmx.com gmx.co.uk gmx.de gmx.fr gmx.net gmx.org gmx.us hanmail.net hetnet.nl hey.com hispeed.ch home.nl hotmail.com hush.com hushmail.com
  icloud.com ig.com.br inbox.com inbox.lv inbox.ru inode.at interia.pl juno.com keemail.me kpnmail.nl laposte.net libero.it list.ru live.com
  lycos.com mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org mailfence.com me.com mindspring.com msn.com naver.com neuf.fr
  netcologne.de netscape.net netzero.net ntlworld.com o2.pl online.de online.no onet.eu onet.pl op.pl optonline.net optusnet.com.au orange.fr
  outlook.com passport.com planet.nl pm.me pobox.com poczta.onet.pl poczta.fm posteo.de posteo.net post.cz proton.me protonmail.ch
  protonmail.com qq.com rambler.ru rediffmail.com riseup.net rocketmail.com roadrunner.com rogers.com runbox.com sapo.pt sbcglobal.net
  seznam.cz sfr.fr shaw.ca sina.cn sina.com singnet.com.sg sky.com skynet.be sohu.com sunrise.ch sympatico.ca t-online.de talktalk.net
  telefonica.net telenet.be telus.net terra.com.br terra.es tin.it tiscali.co.uk tiscali.it tuta.io tutanota.com tutanota.de tutamail.com tut.by ukr.net
  unitybox.de uol.com.br usa.net verizon.net versanet.de videotron.ca virgilio.it virginmedia.com vodafone.de vodafone.it voila.fr
  volny.cz walla.co.il wanadoo.fr web.de windowslive.com wp.pl xs4all.nl xtra.co.nz ya.ru yahoo.com yandex.com yandex.ru yeah.net ymail.com
  ziggo.nl zoho.com zohomail.com zonnet.nl 10minutemail.com guerrillamail.com mailinator.com sharklasers.com temp-mail.org trashmail.com
  trashmail.de yopmail.com`.split(/\s+/),
);

/** Providers with a domain per country: `yahoo.co.jp`, `hotmail.fr`. */
export const freeMailLabels: ReadonlySet<string> = new Set(["yahoo", "hotmail", "outlook", "live", "yandex", "ymail"]);
