// Teams, Discord, Telegram and Mattermost: `check.cjs PAYLOADS FOLDER`, see scripts/check-payloads.
//
// Types are checked by the TypeScript compiler: each payload becomes a literal of its type, in which a field that the type
// does not know is an error. What types cannot say is said by parsers and builders.
const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')

const [, , file, folder] = process.argv
const payloads = JSON.parse(fs.readFileSync(file, 'utf8')).filter((one) => one.body && typeof one.body === 'object')
const of = (channel) => payloads.filter((one) => one.channel === channel)
const faults = []
const fault = (channel, words) => faults.push(`${channel}: ${words}`)

// Microsoft's own parser and validator: <https://www.npmjs.com/package/adaptivecards>.
function teams() {
  const { AdaptiveCard, SerializationContext, Versions } = require('adaptivecards/dist/adaptivecards.js')
  for (const { body } of of('teams')) {
    const content = body.attachments[0].content
    const context = new SerializationContext(Versions.v1_4)
    const card = new AdaptiveCard()
    card.parse(content, context)
    for (let i = 0; i < context.eventCount; i++) fault('teams', context.getEventAt(i).message)
    for (const event of card.validateProperties().validationEvents) fault('teams', event.message)
    // What a client would have after reading is what we wrote: nothing was dropped as unknown. The host's own part
    // is not the parser's.
    const read = card.toJSON(context)
    const count = (element) => (element.items ?? element.body ?? element.inlines ?? []).reduce((sum, one) => sum + count(one), 1)
    if (count(read) !== count(content)) fault('teams', `${count(content)} elements were written, ${count(read)} were read`)
    if ((read.actions ?? []).length !== content.actions.length) fault('teams', 'an action was not read')
  }
}

// The limits that discord.js holds its users to: <https://www.npmjs.com/package/@discordjs/builders>.
function discord() {
  const { EmbedBuilder, embedLength } = require('@discordjs/builders')
  for (const { body } of of('discord')) {
    if (body.content.length > 2000) fault('discord', `a content of ${body.content.length}`)
    for (const embed of body.embeds ?? []) {
      try {
        const built = new EmbedBuilder()
        built.setDescription(embed.description).setColor(embed.color).setFooter(embed.footer)
        built.setTimestamp(new Date(embed.timestamp))
        if (embedLength(built.toJSON()) > 6000) fault('discord', 'all texts together are too long')
      } catch (error) {
        fault('discord', `the builder refuses an embed: ${error.message}`)
      }
    }
  }
}

const types = {
  discord: (one) => (one.method === 'PATCH' ? 'RESTPatchAPIWebhookWithTokenMessageJSONBody' : 'RESTPostAPIWebhookWithTokenJSONBody'),
  telegram: (one) => `Parameters<ApiMethods<never>['${one.path.split('/').pop()}']>[0]`,
  mattermost: (one) => ('props' in one.body || 'message' in one.body ? 'BotPost' : 'HookPost'),
}

const HEAD = `
import type { RESTPostAPIWebhookWithTokenJSONBody, RESTPatchAPIWebhookWithTokenMessageJSONBody } from 'discord-api-types/v10'
import type { ApiMethods } from '@grammyjs/types/methods.js'
import type { Post } from '@mattermost/types/posts'
import type { MessageAttachment } from '@mattermost/types/message_attachments'
type BotPost = Partial<Pick<Post, 'message' | 'channel_id' | 'root_id'>> & { props?: { attachments: MessageAttachment[] } }
// A webhook has no type of its own there; its attachments have.
type HookPost = { text: string; channel?: string; attachments: MessageAttachment[] }
`

function compile() {
  const lines = Object.entries(types).flatMap(([channel, type]) =>
    of(channel).map((one, n) => `export const ${channel}_${n}: ${type(one)} = ${JSON.stringify(one.body)}`))
  const source = path.join(folder, `payloads-${process.pid}.ts`)
  fs.writeFileSync(source, HEAD + lines.join('\n') + '\n')
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext']
  const ran = spawnSync(process.execPath, [path.join(folder, 'node_modules/typescript/bin/tsc'), ...options, source], { encoding: 'utf8' })
  fs.unlinkSync(source)
  for (const line of (ran.stdout + ran.stderr).split('\n').filter((line) => line.trim())) fault('types', line.slice(0, 600))
}

teams()
discord()
compile()
for (const one of faults) console.log(`check-payloads: ${one}`)
for (const channel of ['teams', ...Object.keys(types)]) {
  const count = of(channel).length
  console.log(`check-payloads: ${channel}: ${count} payloads read`)
  if (count === 0) faults.push(channel)
}
process.exit(faults.length ? 1 : 0)
