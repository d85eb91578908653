// What ONNX Runtime gives for a list of models: reads jobs as JSON on standard input, writes
// outputs, or the message it refuses with, as JSON on standard output. For generate_ort.py.
//
//   job: {"model": PATH, "feeds": {NAME: {"type": "float32", "dims": [2, 3], "data": BASE64}}}
//   answer: {"outputs": {NAME: the same}} or {"error": MESSAGE}
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const home = process.env.HARSANYI_ORT_HOME;
if (!home) throw new Error('HARSANYI_ORT_HOME is not set: the folder of onnxruntime-node');
const require = createRequire(`${home}/package.json`);
const ort = require('onnxruntime-node');

const ARRAYS = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, bool: Uint8Array,
  int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array,
};

function decode({ type, dims, data }) {
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  return new ort.Tensor(type, new ARRAYS[type](bytes.buffer), dims);
}

function encode({ type, dims, data }) {
  // Tensors of float16 come as the language's own Float16Array where it has one.
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type, dims, data: bytes.toString('base64') };
}

async function answer({ model, feeds }) {
  try {
    // Fusions may round otherwise: every operator is to be run as it stands.
    const session = await ort.InferenceSession.create(model, {
      intraOpNumThreads: 1, graphOptimizationLevel: 'disabled', logSeverityLevel: 4,
    });
    const tensors = Object.entries(feeds).map(([name, tensor]) => [name, decode(tensor)]);
    const found = await session.run(Object.fromEntries(tensors));
    const outputs = Object.entries(found).map(([name, tensor]) => [name, encode(tensor)]);
    await session.release();
    return { outputs: Object.fromEntries(outputs) };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

const answers = [];
for (const job of JSON.parse(readFileSync(0, 'utf8'))) answers.push(await answer(job));
process.stdout.write(JSON.stringify(answers));
