// Throughput of ONNX Runtime on one network: images per second over batch sizes, with one thread
// per process, in one process and in several at a time.
//
//   node bench.mjs --name NAME --original A.onnx [--symbolic B.onnx] [--seconds 1] [--processes 2]
//                  [--batches 1,2,4,...] [--length 16] [--json FILE] [--feeds FILE]
//
// --feeds has JSON: {input: {dims: [1, ...], samples: [[number, ...], ...]}}; the first output of A
// for each sample goes to the file of --json, to be set beside what others compute.
//
// B is A with a symbolic batch (symbolic_batch.py). Where there is none, or where it does not give
// the outputs of A, samples are run one at a time, and a line says so. Rows: network, processes x
// threads, batch, images per second.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

// ONNX Runtime is installed outside of the source tree; bench_ort.sh says where.
const home = process.env.HARSANYI_ORT_HOME;
if (!home) throw new Error('HARSANYI_ORT_HOME is not set: start this through bench_ort.sh');
const require = createRequire(`${home}/package.json`);
const ort = require('onnxruntime-node');
const version = require('onnxruntime-node/package.json').version;

function parseOptions(argv) {
  const options = {
    seconds: 1, processes: 2, length: 16, batches: '1,2,4,8,16,32,64,128,256,512,1024',
  };
  for (let i = 0; i < argv.length; i += 2) {
    if (!argv[i].startsWith('--') || argv[i + 1] === undefined) {
      throw new Error(`unexpected argument ${argv[i]}`);
    }
    options[argv[i].slice(2)] = argv[i + 1];
  }
  for (const key of ['name', 'original']) {
    if (!options[key]) throw new Error(`--${key} is missing`);
  }
  for (const key of ['seconds', 'processes', 'length']) options[key] = Number(options[key]);
  options.batches = options.batches.split(',').map(Number);
  return options;
}

function createSession(path) {
  return ort.InferenceSession.create(path, {
    intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential',
    graphOptimizationLevel: 'all', logSeverityLevel: 3,
  });
}

// Numbers that are the same in every run: [0, 1) for floats, 0 or 1 for integers (token ids).
const FILL = {
  float32: (count, random) => Float32Array.from({ length: count }, random),
  int32: (count, random) => Int32Array.from({ length: count }, () => Math.round(random())),
  int64: (count, random) => BigInt64Array.from({ length: count },
    () => BigInt(Math.round(random()))),
};

// All inputs for a batch. Symbolic axes other than the first (a sequence) get --length elements.
function createFeeds(session, batch, options) {
  const random = createRandom(batch);
  const feeds = {};
  for (const { name, type, shape } of session.inputMetadata) {
    const dims = shape.map((d, axis) => {
      if (axis === 0) return batch;
      return typeof d === 'number' && d > 0 ? d : options.length;
    });
    if (!FILL[type]) throw new Error(`${options.name}: inputs of type ${type} are not measured`);
    feeds[name] = new ort.Tensor(type, FILL[type](dims.reduce((a, b) => a * b, 1), random), dims);
  }
  return feeds;
}

// Instance b of a batch.
function slice(feeds, b) {
  return Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => {
    const step = data.length / dims[0];
    return [name, new ort.Tensor(type, data.slice(b * step, (b + 1) * step),
      [1, ...dims.slice(1)])];
  }));
}

// The first output for each sample of a file, one sample at a time.
async function evaluate(options) {
  const session = await createSession(options.original);
  const given = JSON.parse(readFileSync(options.feeds, 'utf8'));
  const count = Math.min(...Object.values(given).map(({ samples }) => samples.length));
  const values = [];
  for (let i = 0; i < count; ++i) {
    const feeds = {};
    for (const { name, type } of session.inputMetadata) {
      const { dims, samples } = given[name];
      const data = type === 'int64' ? BigInt64Array.from(samples[i], BigInt)
        : Float32Array.from(samples[i]);
      feeds[name] = new ort.Tensor(type, data, dims);
    }
    values.push(Array.from((await session.run(feeds))[session.outputNames[0]].data));
  }
  return values;
}

function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

// What is wrong with the copy, or null: five samples together against each by itself.
async function verify(options) {
  const original = await createSession(options.original);
  const symbolic = await createSession(options.symbolic);
  const batch = 5;
  const feeds = createFeeds(symbolic, batch, options);
  const output = symbolic.outputNames[0];
  const together = (await symbolic.run(feeds))[output].data;
  const size = together.length / batch;
  let scale = 1, error = 0;
  for (let b = 0; b < batch; ++b) {
    const alone = (await original.run(slice(feeds, b)))[output].data;
    if (alone.length !== size) throw new Error(`${options.name}: outputs of another size`);
    for (let i = 0; i < size; ++i) {
      scale = Math.max(scale, Math.abs(alone[i]));
      error = Math.max(error, Math.abs(alone[i] - together[b * size + i]));
    }
  }
  return error <= 1e-5 * scale ? null : `the outputs of a batch differ by ${error.toFixed(2)}`;
}

async function measure(session, batch, seconds, options) {
  const feeds = createFeeds(session, batch, options);
  const warm = performance.now() + 100 * seconds;
  do await session.run(feeds); while (performance.now() < warm);
  const start = performance.now();
  let images = 0, elapsed = 0;
  while (elapsed < 1000 * seconds) {
    await session.run(feeds);
    images += batch;
    elapsed = performance.now() - start;
  }
  return images / elapsed * 1000;
}

function row(name, processes, batch, rate, note = '') {
  const images = Math.round(rate).toLocaleString('en');
  console.log(`${name.padEnd(24)} ${String(processes).padStart(9)} ${'1'.padStart(7)} `
    + `${String(batch).padStart(6)} ${images.padStart(12)}  ${note}`.trimEnd());
}

// A child measures one batch size when told to, so that all children do at the same time.
async function child(options, batch) {
  const session = await createSession(process.env.HARSANYI_ORT_MODEL);
  await measure(session, batch, 0.2, options);
  process.once('message', async () => {
    const rate = await measure(session, batch, options.seconds, options);
    process.send({ rate }, () => process.disconnect());
  });
  process.send({ ready: true });
}

function measureTogether(options, batch) {
  const children = Array.from({ length: options.processes }, () =>
    fork(process.argv[1], process.argv.slice(2),
      {
        env: {
          ...process.env, HARSANYI_ORT_CHILD: String(batch), HARSANYI_ORT_MODEL: options.symbolic,
        },
      }));
  let ready = 0, total = 0, done = 0;
  return new Promise((resolve, reject) => {
    for (const one of children) {
      one.on('message', (message) => {
        if (message.ready && ++ready === children.length) children.forEach((c) => c.send('go'));
        if (message.rate) {
          total += message.rate;
          if (++done === children.length) resolve(total);
        }
      });
      one.on('exit', (code) => code && reject(new Error(`a child ended with status ${code}`)));
    }
  });
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (process.env.HARSANYI_ORT_CHILD) {
    await child(options, Number(process.env.HARSANYI_ORT_CHILD));
    return;
  }
  const problem = options.symbolic ? await verify(options) : 'its batch cannot be made symbolic';
  if (problem) {
    console.error(`${options.name} is run one sample at a time: ${problem}`);
    options.symbolic = options.original;
    options.batches = [1];
  }
  const session = await createSession(options.symbolic);
  const points = [];
  for (const batch of options.batches) {
    const rate = await measure(session, batch, options.seconds, options);
    points.push({ processes: 1, batch, images_per_second: rate });
    row(options.name, 1, batch, rate);
  }
  const best = points.reduce((a, b) => (b.images_per_second > a.images_per_second ? b : a));
  row(options.name, 1, best.batch, best.images_per_second, 'best');
  if (options.processes > 1) {
    const together = await measureTogether(options, best.batch);
    points.push({ processes: options.processes, batch: best.batch, images_per_second: together });
    row(options.name, options.processes, best.batch, together, 'at that batch');
  }
  if (options.json) {
    writeFileSync(options.json, JSON.stringify({
      network: options.name, onnxruntime: version, cpu: cpus()[0].model,
      threads_per_process: 1, seconds_per_point: options.seconds,
      best, points, ...(options.feeds && { values: await evaluate(options) }),
    }, null, 2) + '\n');
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
