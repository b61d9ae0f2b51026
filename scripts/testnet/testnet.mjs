#!/usr/bin/env node
// Deploys the contracts of fixtures/pentagold to a development node (anvil) and causes the troubles that a collector has to see.
// Starts nothing; speaks to the node at URL with the node's own unlocked accounts. Says what it did as one line of JSON.
//
//   scripts/testnet/testnet.mjs URL deploy > FILE        the four contracts, two sources at 3350, one aggregated price
//   scripts/testnet/testnet.mjs URL --at FILE TROUBLE [ARGUMENT…] [--mine]
//
// What the contracts are made to do
//   price USD             both sources say it, and the aggregator takes it over
//   deviate PERCENT       `band` says so much more than `chainlink`; 0 ends it
//   stale SECONDS         all prices are so old; `price` ends it
//   kill SOURCE           the source is gone: `chainlink` or `band`; `price` brings it back
//   confidence PERCENT    of both sources and of the aggregated price
//   trip | reset          the circuit breaker, by a jump of a tenth; `cooldown SECONDS` says how long it holds
//   pause [REASON] | unpause
//   denied [TIMES]        calls without the role, mined as failed transactions
//   fail [TIMES]          failed transactions that have nothing to do with access
//   mint USD [USER] | redeem TOKENS [USER]      USER is the number of an account, 2 where there is none
//   gas ROUNDS            a transaction that does nothing but burn gas, some 430 in each round
// What the chain is made to do
//   traffic COUNT         transfers, each of its own
//   mine [COUNT] [SECONDS]  blocks, so far apart
//   base-fee GWEI         of the next block
//   reorg DEPTH           the newest blocks are replaced by empty ones
//   rpc METHOD [JSON…]    anything else
//
// --mine asks the node for a block after each transaction, for one that does not mine by itself.
import { readFileSync } from 'node:fs';
import { callData, contracts, encode } from './contracts.mjs';
import { Node } from './rpc.mjs';

const wei = (text) => BigInt(Math.round(Number(text) * 1e9)) * 10n ** 9n;
const hex = (value) => `0x${BigInt(value).toString(16)}`;
const options = process.argv.slice(2);
const take = (name, values) => {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options.splice(at, 1 + values)[values];
};
const mine = take('--mine', 0) !== undefined;
const file = take('--at', 1);
const [url, command, ...given] = options;
const node = new Node(url, mine);
const compiled = () => contracts();

async function deploy() {
  const [admin] = await node.ask('eth_accounts');
  const made = compiled();
  const create = async (name, data = '') => (await node.do(admin, undefined, made[name].bytecode + data, 5_000_000)).contractAddress;
  const oracle_aggregator = await create('OracleAggregator');
  const circuit_breaker = await create('CircuitBreaker');
  const pgaux = await create('PGAUx', encode(['address', 'address'], [oracle_aggregator, circuit_breaker]));
  const timelock = await create('Timelock');
  const all = { pgaux, oracle_aggregator, circuit_breaker, timelock };
  const manager = await node.ask('eth_call', { to: circuit_breaker, data: callData(made.CircuitBreaker, 'CIRCUIT_MANAGER_ROLE()', []) }, 'latest');
  await node.do(admin, circuit_breaker, callData(made.CircuitBreaker, 'grantRole(bytes32,address)', [manager, pgaux]));
  await setPrice(new World(all, await node.ask('eth_accounts')), '3350');
  return { chain_id: Number(await node.ask('eth_chainId')), ...all };
}

// The contracts where they were deployed, and who acts on them.
class World {
  constructor(at, accounts) {
    [this.at, this.accounts] = [at, accounts];
    this.made = compiled();
  }
  call(place, signature, ...values) {
    const names = { pgaux: 'PGAUx', oracle_aggregator: 'OracleAggregator', circuit_breaker: 'CircuitBreaker', timelock: 'Timelock' };
    return [this.at[place], callData(this.made[names[place]], signature, values)];
  }
  do(...call) {
    return this.doAs(0, ...call);
  }
  async doAs(account, ...call) {
    return [await node.do(this.accounts[account], ...this.call(...call))];
  }
  // All are sent before the first is waited for, so that they can share a block.
  async fail(times, ...call) {
    const sent = [];
    for (let time = 0; time < times; time++) sent.push(await node.send(this.accounts[1], ...this.call(...call), 200_000));
    const mined = [];
    for (const hash of sent) mined.push(await node.mined(hash));
    if (mined.some((receipt) => receipt.status !== '0x0')) throw new Error('a transaction that should have failed did not');
    return mined;
  }
  source(name, price, timestamp, confidence = 9500) {
    return this.do('oracle_aggregator', 'setSource(string,uint256,uint256,uint256)', name, price, timestamp, confidence);
  }
}

async function setPrice(world, usd, age = 0, confidence = 9500) {
  const at = (await node.now()) - Number(age);
  for (const name of ['chainlink', 'band']) await world.source(name, wei(usd), at, confidence);
  return world.do('oracle_aggregator', 'setAggregated(uint256,uint256,uint256)', wei(usd), at, confidence);
}

async function trip(world) {
  const [, price] = [await world.do('circuit_breaker', 'checkPrice(uint256)', wei('3350')), wei('3700')];
  return world.do('circuit_breaker', 'checkPrice(uint256)', price);
}

async function traffic(world, count) {
  const receipts = [];
  for (let sent = 0; sent < Number(count); sent++) receipts.push(await node.ask('eth_sendTransaction', { from: world.accounts[3], to: world.accounts[4], value: '0x1', gas: hex(21000) }));
  if (mine) await node.ask('evm_mine');
  return { sent: receipts.length };
}

const troubles = {
  price: (world, usd) => setPrice(world, usd),
  deviate: async (world, percent) => [
    ...(await world.source('chainlink', wei('3350'), await node.now())),
    ...(await world.source('band', wei(3350 * (1 + Number(percent) / 100)), await node.now())),
  ],
  stale: (world, seconds) => setPrice(world, '3350', seconds),
  kill: (world, source) => world.do('oracle_aggregator', 'killSource(string)', source),
  confidence: (world, percent) => setPrice(world, '3350', 0, Math.round(Number(percent) * 100)),
  trip,
  reset: (world) => world.do('circuit_breaker', 'emergencyReset()'),
  cooldown: (world, seconds) => world.do('circuit_breaker', 'updateConfig(uint256,uint256,uint256)', 500, 300, seconds),
  pause: (world, reason = 'drill') => world.do('pgaux', 'emergencyPause(string)', reason),
  unpause: (world) => world.do('pgaux', 'deactivateEmergency()'),
  denied: (world, times = 1) => world.fail(times, 'pgaux', 'emergencyPause(string)', 'not mine to do'),
  fail: (world, times = 1) => world.fail(times, 'pgaux', 'mint(uint256,uint256)', 0, 0),
  mint: (world, usd, user = 2) => world.doAs(Number(user), 'pgaux', 'mint(uint256,uint256)', wei(usd), 0),
  redeem: (world, tokens, user = 2) => world.doAs(Number(user), 'pgaux', 'redeem(uint256,uint256)', wei(tokens), 0),
  gas: (world, rounds) => world.do('pgaux', 'burnGas(uint256)', rounds),
  traffic,
  mine: (world, count = 1, seconds = 0) => node.ask('anvil_mine', hex(count), hex(seconds)),
  'base-fee': (world, gwei) => node.ask('anvil_setNextBlockBaseFeePerGas', hex(BigInt(Math.round(Number(gwei) * 1e9)))),
  reorg: (world, depth) => node.ask('anvil_reorg', Number(depth), []),
  rpc: (world, method, ...params) => node.ask(method, ...params.map((it) => JSON.parse(it))),
};

// Of receipts it is said where they were mined and what they used; what else comes back is said as it is.
const told = (done) =>
  Array.isArray(done) && done[0]?.transactionHash
    ? { block: Number(done.at(-1).blockNumber), gas_used: done.reduce((sum, it) => sum + Number(it.gasUsed), 0), transactions: done.map((it) => it.transactionHash) }
    : { result: done };

try {
  const trouble = Object.hasOwn(troubles, command ?? '') ? troubles[command] : undefined;
  if (command !== 'deploy' && !trouble) {
    const lines = readFileSync(new URL(import.meta.url), 'utf8').split('\n');
    console.error(lines.slice(1, lines.indexOf('import { readFileSync } from \'node:fs\';')).map((line) => line.replace(/^\/\/ ?/, '')).join('\n'));
    process.exit(2);
  }
  const at = file && JSON.parse(readFileSync(file, 'utf8'));
  console.log(JSON.stringify(command === 'deploy' ? await deploy() : told(await trouble(new World(at ?? {}, await node.ask('eth_accounts')), ...given))));
} catch (problem) {
  console.error(`testnet: ${command}: ${problem.message}`);
  process.exit(1);
}
