// An XLSX file made by hand: only what a reader needs, or what one must not trust.
import { crc32 } from 'node:zlib';

export interface WorkbookParts {
  /** XML of the sheet. */
  readonly sheet?: string;
  readonly sharedStrings?: string;
  readonly is1904?: boolean;
  /** In the place of xl/workbook.xml, deflated already. */
  readonly packedWorkbookXml?: Buffer;
}

const relationships =
  '<Relationships><Relationship Id="r1" Target="worksheets/one.xml"/><Relationship Target=\'/xl/two.xml\' Id=\'r2\'/></Relationships>';

export function workbookOf(parts: WorkbookParts): Buffer<ArrayBuffer> {
  const pr = parts.is1904 === true ? '<workbookPr date1904="1"/>' : '';
  const workbook = `<?xml version="1.0"?><x:workbook xmlns:x="m" xmlns:r="r">${pr}<x:sheets><x:sheet name="Rates &amp; more" r:id="r1"/><x:sheet name="Two" r:id="r2"/></x:sheets></x:workbook>`;
  const files: [string, Buffer, number][] = [
    ['xl/_rels/workbook.xml.rels', Buffer.from(relationships), 0],
    parts.packedWorkbookXml === undefined
      ? ['xl/workbook.xml', Buffer.from(workbook), 0]
      : ['xl/workbook.xml', parts.packedWorkbookXml, 8],
    ['xl/worksheets/one.xml', Buffer.from(parts.sheet ?? '<worksheet/>'), 0],
  ];
  if (parts.sharedStrings !== undefined) {
    files.push(['xl/sharedStrings.xml', Buffer.from(parts.sharedStrings), 0]);
  }
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content, method] of files) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc32(content), 14);
    local.writeUInt32LE(content.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    local.copy(central, 10, 8, 30);
    central.writeUInt32LE(at, 42);
    body.push(local, Buffer.from(name), content);
    directory.push(central, Buffer.from(name));
    at += local.length + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...body, ...directory, end]);
}
