// JSON-RPC over HTTP, and transactions of the node's own unlocked accounts.
const hex = (value) => `0x${BigInt(value).toString(16)}`;
const sleep = (millis) => new Promise((done) => setTimeout(done, millis));

export class Node {
  #id = 0;
  constructor(url, mine) {
    this.url = url;
    this.mine = mine;
  }

  async ask(method, ...params) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params });
    const answer = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { result, error } = await answer.json();
    if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
    return result;
  }

  // Gas is named, so that the node does not refuse what will fail: a failed transaction is what some troubles are made of.
  // So is what it may cost: a base fee that is set for the next block would leave it waiting otherwise.
  send(from, to, data, gas = 2_000_000) {
    return this.ask('eth_sendTransaction', { from, to, data, gas: hex(gas), maxFeePerGas: hex(10n ** 12n), maxPriorityFeePerGas: hex(10n ** 9n) });
  }

  async mined(hash) {
    if (this.mine) await this.ask('evm_mine');
    for (let tries = 0; tries < 1200; tries++) {
      const receipt = await this.ask('eth_getTransactionReceipt', hash);
      if (receipt) return receipt;
      await sleep(50);
    }
    throw new Error(`${hash} was not mined within a minute: does the node mine? --mine asks for a block`);
  }

  async do(from, to, data, gas) {
    const receipt = await this.mined(await this.send(from, to, data, gas));
    if (receipt.status !== '0x1') throw new Error(`the transaction ${receipt.transactionHash} failed`);
    return receipt;
  }

  async now() {
    return Number((await this.ask('eth_getBlockByNumber', 'latest', false)).timestamp);
  }
}
