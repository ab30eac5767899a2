import { ArgumentError } from '../errors';
import { blockOf, doubleOf, type Field, fieldsOf, signed, textOf, varintsOf } from '../protobuf';

// The messages of XLA's hlo.proto and xla_data.proto as far as the text of a program shows them.

/** Number on the wire: a JS number where it is exact. */
export type Int = number | bigint;

export interface Shape {
  elementType: number;
  dimensions: Int[];
  dynamic: boolean[];
  tuple: Shape[];
  layout: Layout | null;
}
export interface Layout {
  minorToMajor: number[];
  tiles: { dimensions: Int[] }[];
  tailPadding: Int;
  elementBits: Int;
  memorySpace: Int;
}
export interface ProgramShape {
  parameters: Shape[];
  result: Shape | null;
}
export interface Metadata {
  opType: string;
  opName: string;
  sourceFile: string;
  sourceLine: Int;
  sourceEndLine: Int;
  sourceColumn: Int;
  sourceEndColumn: Int;
  profileType: Int[];
  deduplicatedName: string;
  stackFrameId: Int;
  schedulingName: string;
}
export interface Literal {
  shape: Shape | null;
  preds: Int[];
  s4s: Uint8Array;
  s2s: Uint8Array;
  s1s: Uint8Array;
  s8s: Uint8Array;
  u1s: Uint8Array;
  u2s: Uint8Array;
  u4s: Uint8Array;
  u8s: Uint8Array;
  s32s: Int[];
  s64s: Int[];
  u32s: Int[];
  u64s: Int[];
  f32s: number[];
  f64s: number[];
  c64s: number[];
  c128s: number[];
  tuple: Literal[];
  f16s: Uint8Array;
  bf16s: Uint8Array;
  u16s: Uint8Array;
  s16s: Uint8Array;
}
export interface Window {
  dimensions: { size: Int; stride: Int; low: Int; high: Int; windowDilation: Int; baseDilation: Int; reversal: Int }[];
}
export interface Sharding {
  type: number;
  tileDims: Int[];
  tileDevices: Int[];
  tuple: Sharding[];
  replicateOnLast: Int;
  lastTileDims: number[];
  iotaDims: Int[];
  iotaPerm: Int[];
}
export interface ReplicaGroup {
  ids: Int[];
}
export interface IotaGroups {
  groups: Int;
  perGroup: Int;
  reshape: Int[];
  perm: Int[];
}
export interface MeshGroups {
  mesh: { axes: { name: string; size: Int }[]; deviceIds: Int[] } | null;
  axes: { index: Int; sub: { preSize: Int; size: Int } | null }[];
}
export interface DotNumbers {
  lhsContracting: Int[];
  rhsContracting: Int[];
  lhsBatch: Int[];
  rhsBatch: Int[];
}
export interface Attributes {
  map: { key: string; value: string }[];
}
export interface Instruction {
  name: string;
  opcode: string;
  shape: Shape | null;
  metadata: Metadata | null;
  literal: Literal | null;
  parameterNumber: Int;
  fusionKind: string;
  tupleIndex: Int;
  dimensions: Int[];
  window: Window | null;
  convolution: {
    inputBatch: Int; inputFeature: Int; inputSpatial: Int[]; kernelInput: Int; kernelOutput: Int; kernelSpatial: Int[]; outputBatch: Int; outputFeature: Int; outputSpatial: Int[];
  } | null;
  slices: { start: Int; limit: Int; stride: Int }[];
  exponentBits: Int;
  mantissaBits: Int;
  dynamicSliceSizes: Int[];
  padding: { dimensions: { low: Int; high: Int; interior: Int }[] } | null;
  outfeedConfig: string;
  distribution: number;
  epsilon: number;
  featureIndex: Int;
  channelId: Int;
  infeedConfig: string;
  customCallTarget: string;
  dot: DotNumbers | null;
  fftType: number;
  fftLength: Int[];
  gather: { offsetDims: Int[]; collapsed: Int[]; startIndexMap: Int[]; indexVectorDim: Int; operandBatching: Int[]; indicesBatching: Int[] } | null;
  gatherSliceSizes: Int[];
  id: Int;
  operands: Int[];
  controlPredecessors: Int[];
  called: Int[];
  sharding: Sharding | null;
  backendConfig: string;
  isHostTransfer: Int;
  scatter: { updateWindow: Int[]; inserted: Int[]; toOperand: Int[]; indexVectorDim: Int; inputBatching: Int[]; indicesBatching: Int[] } | null;
  replicaGroups: ReplicaGroup[];
  featureGroupCount: Int;
  precision: { operands: number[]; algorithm: number } | null;
  sourceTargetPairs: { source: Int; target: Int }[];
  constrainLayout: Int;
  operandShapes: Shape[];
  batchGroupCount: Int;
  triangular: { leftSide: Int; lower: Int; unitDiagonal: Int; transposeA: number } | null;
  isStable: Int;
  parameterReplication: { leaves: Int[] } | null;
  cholesky: { lower: Int } | null;
  comparisonDirection: string;
  hasSideEffect: Int;
  delta: Int;
  indicesAreSorted: Int;
  frontendAttributes: Attributes | null;
  uniqueIndices: Int;
  rngAlgorithm: number;
  useGlobalIds: Int;
  comparisonType: string;
  aliasing: { output: Int[]; operand: Int; operandIndex: Int[] }[];
  schedule: number;
  apiVersion: number;
  asyncThread: string;
  k: Int;
  largest: Int;
  devices: { groups: ReplicaGroup[]; iota: IotaGroups | null } | null;
  isComposite: Int;
  accuracy: { mode: number; tolerance: { atol: number; rtol: number; ulps: Int } | null } | null;
  iotaDevices: IotaGroups | null;
  meshDevices: MeshGroups | null;
}
export interface Computation {
  name: string;
  instructions: Instruction[];
  programShape: ProgramShape | null;
  id: Int;
  rootId: Int;
  thread: string;
}
export interface FrameIndex {
  files: string[];
  functions: string[];
  locations: { file: Int; func: Int; line: Int; endLine: Int; column: Int; endColumn: Int }[];
  frames: { location: Int; parent: Int }[];
}
export interface Module {
  name: string;
  entryId: Int;
  computations: Computation[];
  programShape: ProgramShape | null;
  schedule: { sequences: { key: Int; value: { ids: Int[] } | null }[] } | null;
  aliases: { entries: { output: Int[]; parameter: Int; index: Int[]; kind: number }[] } | null;
  donors: { entries: { parameter: Int; index: Int[] }[] } | null;
  frames: FrameIndex | null;
  frontendAttributes: Attributes | null;
}
export interface Config {
  entryLayout: ProgramShape | null;
  replicaCount: Int;
  numPartitions: Int;
  aliasPassthrough: Int;
  propagateToParameters: Int[];
  propagateToOutput: Int[];
}

/**
 * Forms of fields: i integer, u unsigned integer, e enumeration, s text, b bytes, f float, d double, and names of messages; `*` is repeated.
 * Fields that are not listed are passed over.
 */
const MESSAGES = {
  Shape: '2 elementType e, 3 dimensions *i, 6 dynamic *i, 4 tuple *Shape, 5 layout Layout',
  Layout: '1 minorToMajor *i, 6 tiles *Tile, 16 tailPadding i, 7 elementBits i, 8 memorySpace i',
  Tile: '1 dimensions *i',
  ProgramShape: '1 parameters *Shape, 2 result Shape',
  Metadata:
    '1 opType s, 2 opName s, 3 sourceFile s, 4 sourceLine i, 17 sourceEndLine i, 18 sourceColumn i, 19 sourceEndColumn i, 5 profileType *i, 12 deduplicatedName s, 15 stackFrameId i, 16 schedulingName s',
  Literal:
    '1 shape Shape, 2 preds *u, 30 s1s b, 26 s2s b, 21 s4s b, 15 s8s b, 31 u1s b, 27 u2s b, 22 u4s b, 3 u8s b, 4 s32s *i, 5 s64s *i, 6 u32s *u, 7 u64s *u, 8 f32s *f, 9 f64s *d, 12 c64s *f, 18 c128s *d, 10 tuple *Literal, 11 f16s b, 13 bf16s b, 16 u16s b, 17 s16s b',
  Window: '1 dimensions *WindowDimension',
  WindowDimension: '1 size i, 2 stride i, 3 low i, 4 high i, 5 windowDilation i, 6 baseDilation i, 7 reversal i',
  Convolution: '7 inputBatch i, 8 inputFeature i, 11 inputSpatial *i, 3 kernelInput i, 4 kernelOutput i, 6 kernelSpatial *i, 9 outputBatch i, 10 outputFeature i, 12 outputSpatial *i',
  Slice: '1 start i, 2 limit i, 3 stride i',
  Padding: '1 dimensions *PaddingDimension',
  PaddingDimension: '1 low i, 2 high i, 3 interior i',
  Dot: '1 lhsContracting *i, 2 rhsContracting *i, 3 lhsBatch *i, 4 rhsBatch *i',
  Gather: '1 offsetDims *i, 2 collapsed *i, 3 startIndexMap *i, 4 indexVectorDim i, 5 operandBatching *i, 6 indicesBatching *i',
  Scatter: '1 updateWindow *i, 2 inserted *i, 3 toOperand *i, 4 indexVectorDim i, 5 inputBatching *i, 6 indicesBatching *i',
  Sharding: '1 type e, 3 tileDims *i, 4 tileDevices *i, 5 tuple *Sharding, 6 replicateOnLast i, 8 lastTileDims *e, 9 iotaDims *i, 10 iotaPerm *i',
  ReplicaGroup: '1 ids *i',
  IotaGroups: '1 groups i, 2 perGroup i, 3 reshape *i, 4 perm *i',
  MeshGroups: '1 mesh Mesh, 2 axes *AxisRef',
  Mesh: '1 axes *MeshAxis, 2 deviceIds *i',
  MeshAxis: '1 name s, 2 size i',
  AxisRef: '1 index i, 2 sub SubAxis',
  SubAxis: '1 preSize i, 2 size i',
  Devices: '1 groups *ReplicaGroup, 2 iota IotaGroups',
  Precision: '1 operands *e, 2 algorithm e',
  SourceTarget: '1 source i, 2 target i',
  Triangular: '1 leftSide i, 2 lower i, 3 unitDiagonal i, 4 transposeA e',
  Cholesky: '1 lower i',
  Replication: '1 leaves *i',
  Attributes: '1 map *Attribute',
  Attribute: '1 key s, 2 value s',
  Aliasing: '1 output *i, 2 operand i, 3 operandIndex *i',
  Accuracy: '1 mode e, 2 tolerance Tolerance',
  Tolerance: '1 atol d, 2 rtol d, 3 ulps i',
  Instruction:
    '1 name s, 2 opcode s, 3 shape Shape, 7 metadata Metadata, 8 literal Literal, 9 parameterNumber i, 11 fusionKind s, 13 tupleIndex i, 14 dimensions *i, 15 window Window, 16 convolution Convolution, 17 slices *Slice, ' +
    '18 exponentBits i, 19 mantissaBits i, 20 dynamicSliceSizes *i, 21 padding Padding, 22 outfeedConfig s, 23 distribution e, 24 epsilon f, 25 featureIndex i, 26 channelId i, 27 infeedConfig s, 28 customCallTarget s, ' +
    '30 dot Dot, 31 fftType e, 32 fftLength *i, 33 gather Gather, 34 gatherSliceSizes *i, 35 id i, 36 operands *i, 37 controlPredecessors *i, 38 called *i, 40 sharding Sharding, 43 backendConfig s, 47 isHostTransfer i, ' +
    '48 scatter Scatter, 49 replicaGroups *ReplicaGroup, 50 featureGroupCount i, 51 precision Precision, 52 sourceTargetPairs *SourceTarget, 56 constrainLayout i, 57 operandShapes *Shape, 58 batchGroupCount i, ' +
    '59 triangular Triangular, 60 isStable i, 61 parameterReplication Replication, 62 cholesky Cholesky, 63 comparisonDirection s, 65 hasSideEffect i, 66 delta i, 67 indicesAreSorted i, 68 frontendAttributes Attributes, ' +
    '69 uniqueIndices i, 70 rngAlgorithm e, 71 useGlobalIds i, 72 comparisonType s, 74 aliasing *Aliasing, 76 schedule e, 77 apiVersion e, 79 asyncThread s, 81 k i, 85 largest i, 87 devices Devices, 89 isComposite i, ' +
    '91 accuracy Accuracy, 92 iotaDevices IotaGroups, 93 meshDevices MeshGroups',
  Computation: '1 name s, 2 instructions *Instruction, 4 programShape ProgramShape, 5 id i, 6 rootId i, 8 thread s',
  Schedule: '1 sequences *Sequence',
  Sequence: '1 key i, 2 value Ids',
  Ids: '1 ids *i',
  Aliases: '1 entries *Alias',
  Alias: '1 output *i, 2 parameter i, 3 index *i, 4 kind e',
  Donors: '1 entries *Donor',
  Donor: '1 parameter i, 2 index *i',
  Frames: '1 files *s, 2 functions *s, 3 locations *Location, 4 frames *Frame',
  Location: '1 file i, 2 func i, 3 line i, 5 endLine i, 4 column i, 6 endColumn i',
  Frame: '1 location i, 2 parent i',
  Module:
    '1 name s, 6 entryId i, 3 computations *Computation, 4 programShape ProgramShape, 7 schedule Schedule, 8 aliases Aliases, 18 donors Donors, 17 frames Frames, 19 frontendAttributes Attributes',
  Config: '1 entryLayout ProgramShape, 4 replicaCount i, 5 numPartitions i, 17 aliasPassthrough i, 33 propagateToParameters *i, 27 propagateToOutput *i',
  ModuleWithConfig: '1 module Module, 2 config Config',
  ModuleShardings: '12 output Sharding',
  WithModuleShardings: '1 module ModuleShardings',
} as const;

export interface Messages {
  Module: Module;
  ModuleWithConfig: { module: Module | null; config: Config | null };
  ModuleShardings: { output: Sharding | null };
  WithModuleShardings: { module: { output: Sharding | null } | null };
}

interface Entry {
  name: string;
  form: string;
  repeated: boolean;
}

interface Type {
  fields: Map<number, Entry>;
  /** What a message has where a field is not there. */
  defaults: object;
}

const types = new Map<string, Type>();
const EMPTY = Object.freeze(new Uint8Array(0).subarray());
const NONE: readonly never[] = Object.freeze([]);

function defaultOf(e: Entry): unknown {
  if (e.repeated) return NONE;
  if (e.form === 's') return '';
  if (e.form === 'b') return EMPTY;
  return 'iuefd'.includes(e.form) ? 0 : null;
}

function typeOf(name: string): Type {
  let t = types.get(name);
  if (t === undefined) {
    const fields = new Map<number, Entry>();
    const defaults: Record<string, unknown> = {};
    for (const part of MESSAGES[name as keyof typeof MESSAGES].split(', ')) {
      const [number, field, form] = part.split(' ') as [string, string, string];
      const e = { name: field, form: form.replace('*', ''), repeated: form.startsWith('*') };
      fields.set(Number(number), e);
      defaults[field] = defaultOf(e);
    }
    t = { fields, defaults };
    types.set(name, t);
  }
  return t;
}

const int = (v: bigint): Int => (v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v);

/** Texts of configurations are bytes in newer versions; both are the same on the wire. */
function numbersOf(f: Field, form: string): (Int | number)[] {
  if (form === 'f' || form === 'd') {
    const size = form === 'f' ? 4 : 8;
    if (f.block === null) return [form === 'd' ? doubleOf(f.value) : floatOf(f.value)];
    const view = new DataView(f.block.buffer, f.block.byteOffset, f.block.byteLength);
    const out: number[] = [];
    for (let at = 0; at + size <= view.byteLength; at += size) out.push(form === 'f' ? view.getFloat32(at, true) : view.getFloat64(at, true));
    return out;
  }
  return varintsOf(f).map((v) => int(form === 'u' ? v : signed(v)));
}

function floatOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number(BigInt.asUintN(32, bits)));
  return view.getFloat32(0);
}

/** Deeper than any program; bytes that nest without end must not fill the stack. */
const DEEPEST = 200;

function read(name: string, bytes: Uint8Array, depth: number): Record<string, unknown> {
  if (depth > DEEPEST) throw new ArgumentError('HLO: messages are nested too deeply');
  const { fields, defaults } = typeOf(name);
  const out = Object.create(defaults) as Record<string, unknown>;
  for (const f of fieldsOf(bytes)) {
    const e = fields.get(f.number);
    if (e === undefined) continue;
    const { form } = e;
    if (form.length > 1) {
      const value = read(form, blockOf(f), depth + 1);
      if (e.repeated) push(out, e.name, [value]);
      else out[e.name] = value;
    } else if (form === 's') {
      if (e.repeated) push(out, e.name, [textOf(f)]);
      else out[e.name] = textOf(f);
    } else if (form === 'b') out[e.name] = blockOf(f);
    else {
      const values = numbersOf(f, form);
      if (e.repeated) push(out, e.name, values);
      else if (values.length > 0) out[e.name] = values.at(-1);
    }
  }
  return out;
}

function push(out: Record<string, unknown>, name: string, values: readonly unknown[]): void {
  if (!Object.hasOwn(out, name)) out[name] = [];
  const list = out[name] as unknown[];
  for (const v of values) list.push(v);
}

/** Reads a message. @throws ArgumentError if the bytes are none */
export function decode<K extends keyof Messages>(name: K, bytes: Uint8Array): Messages[K] {
  return read(name, bytes, 0) as unknown as Messages[K];
}
