// Writes ONNX models: the parts of its protocol buffers (onnx.proto) that the benchmark's models need.
import type { Tensor } from '../inferenceData';

/** An attribute of a node: an integer, integers, a number of float32, or text. */
export type Attribute = number | readonly number[] | { readonly float: number } | string;

/** A node of a graph: its results and operands are names. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Other than ONNX's own. */
  readonly domain?: string;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: Readonly<Record<string, Tensor | readonly number[]>>;
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
}

const FLOAT = 1;
const INT64 = 7;

function varint(n: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(n));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}

const int = (field: number, value: number | bigint) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Buffer | string) => {
  const data = Buffer.from(value as string);
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data]);
};
const float = (field: number, value: number) => {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), data]);
};
const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts));

function attribute(name: string, value: Attribute): Buffer {
  const [data, kind] = typeof value === 'string' ? [bytes(4, value), 3] : typeof value === 'number' ? [int(3, value), 2] : 'float' in value ? [float(2, value.float), 1] : [Buffer.concat(value.map((v) => int(8, v))), 7];
  return message(5, bytes(1, name), data, int(20, kind));
}

function node({ op, inputs, output, attributes = {}, domain = '' }: OnnxNode): Buffer {
  return message(1, ...inputs.map((i) => bytes(1, i)), bytes(2, output), bytes(3, output), bytes(4, op), ...Object.entries(attributes).map(([k, v]) => attribute(k, v)), bytes(7, domain));
}

function constant(name: string, value: Tensor | readonly number[]): Buffer {
  const [shape, kind, data] = 'data' in value ? [value.shape, FLOAT, value.data] : [[value.length], INT64, BigInt64Array.from(value.map(BigInt))];
  return message(5, ...shape.map((n) => int(1, n)), int(2, kind), bytes(8, name), bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
}

function valueInfo(field: number, { name, shape }: OnnxGraph['input']): Buffer {
  const dims = message(2, ...shape.map((n) => message(1, int(1, n))));
  return message(field, bytes(1, name), message(2, message(1, int(1, FLOAT), dims)));
}

/** An ONNX file of opset 23, with operators of `com.microsoft` where nodes name it. */
export function onnxModel(graph: OnnxGraph): Buffer {
  const parts = [
    ...graph.nodes.map(node), bytes(2, 'benchmark'), ...Object.entries(graph.constants).map(([k, v]) => constant(k, v)), valueInfo(11, graph.input), valueInfo(12, graph.output),
  ];
  return Buffer.concat([int(1, 10), message(7, ...parts), message(8, bytes(1, ''), int(2, 23)), message(8, bytes(1, 'com.microsoft'), int(2, 1))]);
}
