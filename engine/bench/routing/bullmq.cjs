// BullMQ under measurement: commands on stdin, answers on stdout, one JSON object a line.
//
//   {"do":"open","socket":path,"name":queue,"concurrency":n}   → {"ok":true}
//   {"do":"fill","name":queue,"jobs":n}                        → {"ok":true}
//   {"do":"begin","name":queue,"jobs":n}                       → {"ok":true}
//   {"do":"mark","name":queue}                                 → {"done":n,"cpu_s":s}, both so far
//   {"do":"end","name":queue}                                  → {"ok":true}
//   {"do":"versions"}                                          → {"bullmq":v,"ioredis":v,"node":v}
//
// One plain FIFO job, added and processed: no skills, no priority, no delay, nothing kept of a finished job. Each
// finished job makes room for one new one, so that as many wait as at the beginning; what has finished in one turn of
// the event loop is added in one call (addBulk), as a busy producer would. The packages lie in the directory that the
// first argument names.
'use strict';
const { createRequire } = require('node:module');
const path = require('node:path');
const readline = require('node:readline');

const load = createRequire(path.join(path.resolve(process.argv[2]), 'package.json'));
const { Queue, Worker } = load('bullmq');
const { Redis } = load('ioredis');

const KEPT = { removeOnComplete: true, removeOnFail: true };
const FILL = 1000;
const lines = new Map(); // queue's name → { queue, worker, done, pending, adding }

function open({ socket, name, concurrency }) {
  const connect = () => new Redis({ path: socket, maxRetriesPerRequest: null, enableAutoPipelining: false });
  const line = { queue: new Queue(name, { connection: connect(), defaultJobOptions: KEPT }), done: 0, pending: 0 };
  line.adding = false;
  line.goingOn = false;
  line.worker = new Worker(name, async () => {}, { connection: connect(), concurrency, autorun: false });
  line.worker.on('completed', () => finished(line));
  line.worker.on('error', (error) => console.error(String(error)));
  lines.set(name, line);
  return line.worker.waitUntilReady().then(() => ({ ok: true }));
}

function jobs(count) {
  return Array.from({ length: count }, (_, number) => ({ name: 'item', data: { number } }));
}

async function fill({ name, jobs: count }) {
  const { queue } = lines.get(name);
  for (let left = count; left > 0; left -= FILL) await queue.addBulk(jobs(Math.min(FILL, left)));
  return { ok: true };
}

function finished(line) {
  line.done += 1;
  line.pending += 1;
  if (line.adding || !line.goingOn) return;
  line.adding = true;
  setImmediate(() => add(line));
}

// What has finished in one turn of the event loop goes in one call; the next turn's does not wait for the answer.
function add(line) {
  const count = line.pending;
  line.adding = false;
  line.pending = 0;
  if (line.goingOn) line.queue.addBulk(jobs(count)).catch((error) => console.error(String(error)));
}

// Begin with `jobs` in the queue; from then on each finished one makes room for a new one.
async function begin({ name, jobs: wanted }) {
  const line = lines.get(name);
  const missing = wanted - (await line.queue.getWaitingCount());
  line.pending = 0;
  line.goingOn = true;
  if (missing > 0) await line.queue.addBulk(jobs(missing));
  if (line.running) line.worker.resume();
  else line.running = line.worker.run();
  return { ok: true };
}

async function mark({ name }) {
  const used = process.cpuUsage();
  return { done: lines.get(name).done, cpu_s: (used.user + used.system) / 1e6 };
}

async function end({ name }) {
  const line = lines.get(name);
  line.goingOn = false;
  await line.worker.pause();
  return { ok: true };
}

function versions() {
  const of = (name) => load(`${name}/package.json`).version;
  return { bullmq: of('bullmq'), ioredis: of('ioredis'), node: process.versions.node };
}

const COMMANDS = { open, fill, begin, mark, end, versions };

async function main() {
  for await (const text of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(text);
    let answer;
    try {
      answer = await COMMANDS[command.do](command);
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0); // the conductor has closed our input
}

main();
