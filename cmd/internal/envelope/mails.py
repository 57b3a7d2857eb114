# Makes mails of a statement's file, as mail programs send them: prints a JSON object of
# their names and their bytes in Base64. Argument: the file.
import base64, json, sys
from email import policy
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.charset import Charset, QP, BASE64

statement = open(sys.argv[1]).read()
hello = 'Grüße Anna,\n\nanbei die Datei – wie besprochen:\n\n'
bye = ('\nMit freundlichen Grüßen\nBernd Müller\n\n--\nMüller & Söhne GmbH, Straße 1: +49 89 123456\n'
       'CONFIDENTIAL: this e-mail is for the addressee alone. If you are not, delete it.\n')
body = hello + statement + bye
html = ('<html><head><style>p {margin: 0 > 1}</style></head><body><p>Gr&uuml;&szlig;e&nbsp;Anna,</p><!-- x > y -->'
        '<p style="font-family:Calibri">' + statement.strip().replace('\n', '<br>\n') + '</p><p>MfG</p>'
        '<a href="https://acme.example/?a=b&c=d">acme</a></body></html>')
reply = 'Danke, hier:\n\nOn Mon, 1 Jun 2026 at 10:00, Anna <anna@acme.example> wrote:\n' + \
        ''.join('> ' + line + '\n' for line in body.split('\n'))
wrapped = hello + '\n'.join(statement[i:i + 50] for i in range(0, len(statement), 50)) + bye
mails = {}


def new(**kw):
    m = EmailMessage(policy=policy.SMTP, **kw)
    m['From'], m['To'], m['Subject'] = 'Bernd Müller <bernd@site.example>', 'anna@acme.example', 'Lizenz: Datei für Sie'
    m['Message-ID'], m['Date'] = '<1.2@site.example>', 'Mon, 01 Jun 2026 10:00:00 +0200'
    return m


for name, text in ('letter', body), ('reply', reply), ('wrapped', wrapped), ('no-break', body.replace('\n', '\u00a0\n')), \
        ('quotation marks', hello + '“' + statement.strip() + '”' + bye):
    for cte in 'quoted-printable', 'base64', '8bit':
        m = new()
        m.set_content(text, cte=cte)
        mails[f'{name}, {cte}'] = m.as_bytes()
m = new()
m.set_content(html, subtype='html', cte='quoted-printable')
mails['html, quoted-printable'] = m.as_bytes()
m = new()
m.set_content(html, subtype='html', cte='base64')
mails['html, base64'] = m.as_bytes()
for cte in 'quoted-printable', 'base64':
    m = new()
    m.set_content(body, cte=cte)
    m.add_alternative(html, subtype='html', cte=cte)
    m.add_attachment(b'\x89PNG' + bytes(range(256)) * 40, 'image', 'png', filename='logo.png')
    mails[f'alternative, {cte}'] = m.as_bytes()
m = new()
m.set_content('see below')
m.add_attachment(statement.encode(), 'application', 'octet-stream', filename='a.lic')
mails['attachment'] = m.as_bytes()
mails['attachment, LF'] = m.as_bytes(policy=policy.default)
m = new()
m.set_content('siehe Anhang\n')
m.add_attachment(('\ufeff' + statement.replace('\n', '\r\n')).encode('utf-16-le'), 'text', 'x-license', filename='a.lic')
mails['attachment in UTF-16'] = m.as_bytes()
m = new()
m.set_content('siehe Anhang\n')
m.add_attachment(base64.b64encode(statement.encode()), 'application', 'octet-stream', filename='a.b64')
mails['Base64 in an attachment'] = m.as_bytes()
inner = new()
inner.set_content('innen')
inner.add_attachment(statement.encode(), 'application', 'octet-stream', filename='a.lic')
m = new()
m.set_content('weitergeleitet')
m.add_attachment(inner)
mails['forwarded as attachment'] = m.as_bytes()
m = new()
m.set_content('weitergeleitet')
m.add_attachment(inner.as_bytes(), 'application', 'octet-stream', filename='mail.eml')
mails['mail in Base64'] = m.as_bytes()
utf16 = MIMEText(body, 'plain', 'utf-16')
mails['body in UTF-16'] = utf16.as_bytes()
latin = Charset('windows-1252')
latin.body_encoding = QP
mails['windows-1252, quoted-printable'] = MIMEText(body.replace(':\n', ':\u00a0\n'), 'plain', latin).as_bytes()
latin.body_encoding = BASE64
mails['windows-1252, base64'] = MIMEText(body, 'plain', latin).as_bytes()
mails['mbox'] = b'From bernd@site.example Mon Jun  1 10:00:00 2026\n' + mails['letter, quoted-printable']
mails['saved by PowerShell'] = ('\ufeff' + mails['letter, base64'].decode()).encode('utf-16-le')
mails['pasted without its header'] = mails['letter, quoted-printable'].split(b'\r\n\r\n', 1)[1]
json.dump({name: base64.b64encode(mail).decode() for name, mail in mails.items()}, sys.stdout)
