// Compiles fixtures/pentagold and speaks the ABI of what came out. Compiled once: what is kept is found again by the sources' hash.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const parts = join(process.env.XDG_CACHE_HOME || join(process.env.HOME, '.cache'), 'watchbell', 'testnet');
const folder = new URL('../../fixtures/pentagold/', import.meta.url);

// { PGAUx: { bytecode, selectors: { "mint(uint256,uint256)": "1b2ef1ca" } } }
export function contracts() {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sol')).sort();
  const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(new URL(name, folder), 'utf8') }]));
  const key = createHash('sha256').update(JSON.stringify(sources) + readFileSync(new URL('package.json', import.meta.url))).digest('hex');
  const kept = join(parts, 'compiled', `${key.slice(0, 16)}.json`);
  try {
    return JSON.parse(readFileSync(kept, 'utf8'));
  } catch {
    const made = compile(sources);
    mkdirSync(join(parts, 'compiled'), { recursive: true });
    // Two at once each write a file of their own; whole ones only are ever read.
    writeFileSync(`${kept}.${process.pid}`, JSON.stringify(made));
    renameSync(`${kept}.${process.pid}`, kept);
    return made;
  }
}

function compile(sources) {
  const solc = createRequire(join(parts, 'x.js'))('solc');
  const settings = { optimizer: { enabled: true }, evmVersion: 'paris', outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } } };
  const out = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })));
  const wrong = (out.errors || []).filter((it) => it.severity === 'error');
  if (wrong.length) throw new Error(wrong.map((it) => it.formattedMessage).join('\n'));
  const all = Object.values(out.contracts).flatMap((file) => Object.entries(file));
  return Object.fromEntries(all.map(([name, it]) => [name, { bytecode: `0x${it.evm.bytecode.object}`, selectors: it.evm.methodIdentifiers }]));
}

const word = (value) => BigInt(value).toString(16).padStart(64, '0');
// Words of their own, or a place behind the words and what stands there. The few kinds that the contracts take.
export function encode(kinds, values) {
  const [heads, tails] = [[], []];
  for (const [at, kind] of kinds.entries()) {
    if (kind === 'string' || kind === 'bytes') {
      const bytes = Buffer.from(values[at]);
      heads.push(word(32 * kinds.length + tails.join('').length / 2));
      tails.push(word(bytes.length) + bytes.toString('hex').padEnd(Math.ceil(bytes.length / 32) * 64, '0'));
    } else {
      heads.push(word(values[at]));
    }
  }
  return heads.join('') + tails.join('');
}

export function callData(contract, signature, values) {
  const selector = contract.selectors[signature];
  if (!selector) throw new Error(`no ${signature} among ${Object.keys(contract.selectors).join(', ')}`);
  return `0x${selector}${encode(signature.slice(signature.indexOf('(') + 1, -1).split(',').filter(Boolean), values)}`;
}
