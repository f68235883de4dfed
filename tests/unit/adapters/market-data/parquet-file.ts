/**
 * Writes small Parquet files for tests: one row group for each table, required columns, PLAIN. Follows the Parquet format
 * specification (file layout, Thrift compact protocol), independently of the reader under test.
 */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';

const TYPE = { int32: 1, int64: 2, double: 5, text: 6 } as const;
/** ConvertedType: UTF8, DATE, TIMESTAMP_MILLIS. */
const CONVERTED = { text: 0, date: 6, timestamp: 9 } as const;

export interface ParquetColumn {
  readonly name: string;
  readonly kind: 'double' | 'text' | 'date' | 'timestamp' | 'nanos' | 'int64';
}

function physical(kind: ParquetColumn['kind']): number {
  switch (kind) {
    case 'double':
      return TYPE.double;
    case 'text':
      return TYPE.text;
    case 'date':
      return TYPE.int32;
    case 'timestamp':
    case 'nanos':
    case 'int64':
      return TYPE.int64;
  }
}

function varint(value: number | bigint): number[] {
  let rest = BigInt(value);
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
const zigzag = (value: number) => varint(BigInt(value) >= 0n ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n);
const binary = (text: string) => [...varint(Buffer.byteLength(text)), ...Buffer.from(text)];
const i32 = (value: number) => ({ type: 5, bytes: zigzag(value) });
const i64 = (value: number) => ({ type: 6, bytes: zigzag(value) });
const string = (text: string) => ({ type: 8, bytes: binary(text) });
const nested = (bytes: number[]) => ({ type: 12, bytes });
const list = (type: number, items: readonly number[][]) => ({
  type: 9,
  bytes: [
    ...(items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)]),
    ...items.flat(),
  ],
});

function struct(fields: Readonly<Record<number, { type: number; bytes: number[] }>>): number[] {
  const bytes: number[] = [];
  let last = 0;
  for (const [id, field] of Object.entries(fields)) {
    bytes.push(((Number(id) - last) << 4) | field.type, ...field.bytes);
    last = Number(id);
  }
  return [...bytes, 0];
}

/** LogicalType: a timestamp in UTC, in nanoseconds. */
const NANOS = nested(
  struct({ 8: nested(struct({ 1: { type: 1, bytes: [] }, 2: nested(struct({ 3: nested([0]) })) })) }),
);

function values(kind: ParquetColumn['kind'], cells: readonly unknown[]): Buffer {
  return Buffer.concat(
    cells.map((cell) => {
      const buffer = Buffer.alloc(kind === 'date' ? 4 : 8);
      if (kind === 'double') buffer.writeDoubleLE(Number(cell));
      else if (kind === 'date') buffer.writeInt32LE(Number(cell));
      else if (kind === 'text') {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(String(cell)));
        return Buffer.concat([length, Buffer.from(String(cell))]);
      } else buffer.writeBigInt64LE(typeof cell === 'bigint' ? cell : BigInt(Number(cell)));
      return buffer;
    }),
  );
}

/** CompressionCodec, by its number in the format, and how a page is packed in it. */
const CODEC = {
  none: [0, (page: Buffer) => page],
  gzip: [2, (page: Buffer) => gzipSync(page)],
  brotli: [4, (page: Buffer) => brotliCompressSync(page)],
  zstd: [6, (page: Buffer) => zstdCompressSync(page)],
  lz4: [7, (page: Buffer) => page],
} as const;

/** The bytes of a Parquet file. `groups` are tables of rows; dates are days, timestamps milliseconds since 1970. */
export function parquetFile(
  columns: readonly ParquetColumn[],
  groups: readonly (readonly (readonly unknown[])[])[],
  codec: keyof typeof CODEC = 'none',
): Buffer {
  const [codecNumber, pack] = CODEC[codec];
  const parts: Buffer[] = [Buffer.from('PAR1')];
  let offset = 4;
  const rowGroups = groups.map((rows) => {
    let total = 0;
    const chunks = columns.map((column, index) => {
      const plain = values(
        column.kind,
        rows.map((row) => row[index]),
      );
      const data = pack(plain);
      const header = Buffer.from(
        struct({
          1: i32(0),
          2: i32(plain.length),
          3: i32(data.length),
          5: nested(struct({ 1: i32(rows.length), 2: i32(0), 3: i32(3), 4: i32(3) })),
        }),
      );
      const start = offset;
      const size = header.length + data.length;
      parts.push(header, data);
      offset += size;
      total += size;
      const meta = struct({
        1: i32(physical(column.kind)),
        2: list(5, [zigzag(0)]),
        3: list(8, [binary(column.name)]),
        4: i32(codecNumber),
        5: i64(rows.length),
        6: i64(header.length + plain.length),
        7: i64(size),
        9: i64(start),
      });
      return struct({ 2: i64(start), 3: nested(meta) });
    });
    return struct({ 1: list(12, chunks), 2: i64(total), 3: i64(rows.length) });
  });
  const schema = [
    struct({ 4: string('schema'), 5: i32(columns.length) }),
    ...columns.map(({ name, kind }) =>
      struct({
        1: i32(physical(kind)),
        3: i32(0),
        4: string(name),
        ...(kind === 'nanos' ? { 10: NANOS } : {}),
        ...(kind in CONVERTED ? { 6: i32(CONVERTED[kind as keyof typeof CONVERTED]) } : {}),
      }),
    ),
  ];
  const count = groups.reduce((sum, rows) => sum + rows.length, 0);
  const footer = Buffer.from(
    struct({ 1: i32(1), 2: list(12, schema), 3: i64(count), 4: list(12, rowGroups) }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')]);
}
