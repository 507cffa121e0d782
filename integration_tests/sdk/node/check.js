// The sandbox, driven by @freshbooks/api as it comes from npm. Told where by FRESHBOOKS_API_URL; prints each check.
'use strict'

const assert = require('node:assert/strict')
const { Client } = require('@freshbooks/api')
const builders = require('@freshbooks/api/dist/models/builders')

const ACCOUNT = 'mPx4Q9'
const BUSINESS = 439000
const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, CODE } = process.env
const quiet = { error: () => {}, info: () => {}, warn: () => {}, debug: () => {} }

const sdk = new Client(CLIENT_ID, { clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI }, quiet)
const page = (number, size) => new builders.PaginationQueryBuilder().page(number).perPage(size)
const usd = (amount) => ({ amount, code: 'USD' })

let failed = 0
async function check(name, work) {
  try {
    await work()
    console.log(`ok    ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAILS ${name}: ${error.message || error}`)
  }
}

async function lists() {
  const accounting = {
    bills: 'bills',
    billPayments: 'billPayments',
    billVendors: 'billVendors',
    clients: 'clients',
    creditNotes: 'creditNotes',
    expenses: 'expenses',
    expenseCategories: 'categories',
    invoices: 'invoices',
    items: 'items',
    journalEntryAccounts: 'journalEntryAccounts',
    journalEntryDetails: 'journalEntryDetails',
    otherIncomes: 'otherIncomes',
    payments: 'payments',
    tasks: 'tasks',
  }
  for (const [name, key] of Object.entries(accounting)) {
    await check(`list ${name}`, async () => {
      const { data } = await sdk[name].list(ACCOUNT, [page(1, 3)])
      const rows = data[key] || Object.values(data).find(Array.isArray)
      assert.equal(rows.length, 3)
      assert.ok(data.pages.total > 3)
    })
  }
  for (const [name, key] of [['projects', 'projects'], ['timeEntries', 'timeEntries']]) {
    await check(`list ${name}`, async () => {
      const { data } = await sdk[name].list(BUSINESS, [page(2, 3)])
      assert.equal(data[key].length, 3)
      assert.equal(data.pages.page, 2)
    })
  }
  await check('list services', async () => {
    const { data } = await sdk.services.list(BUSINESS)
    assert.ok(data.services.length > 3)
  })
}

async function filters() {
  await check('filters and includes', async () => {
    const days = new builders.SearchQueryBuilder().between('date', { min: '2026-09-01', max: '2026-10-01' })
    const lines = new builders.IncludesQueryBuilder().includes('lines')
    const { data } = await sdk.invoices.list(ACCOUNT, [days, lines, page(1, 100)])
    assert.ok(data.invoices.length > 0)
    for (const invoice of data.invoices) {
      assert.equal(new Date(invoice.createDate).toISOString().slice(0, 7), '2026-09')
      assert.ok(invoice.lines.length > 0)
    }
  })
  await check('sort', async () => {
    const sort = new builders.SortQueryBuilder().asc('invoice_date')
    const { data } = await sdk.invoices.list(ACCOUNT, [sort, page(1, 10)])
    const dates = data.invoices.map((invoice) => +new Date(invoice.createDate))
    assert.deepEqual(dates, [...dates].sort((a, b) => a - b))
  })
}

async function writes() {
  let client
  await check('client: create, update', async () => {
    client = (await sdk.clients.create({ organization: 'Node Co', email: 'n@node.example' }, ACCOUNT)).data
    const { data } = await sdk.clients.update({ organization: 'Node Ltd' }, ACCOUNT, client.id)
    assert.equal(data.organization, 'Node Ltd')
  })
  await check('invoice: create, mark as sent, pay, delete', async () => {
    const lines = [{ name: 'Work', qty: 2, unitCost: usd('50.00') }]
    const fields = { customerId: Number(client.id), createDate: new Date('2026-11-02'), dueOffsetDays: 30, lines }
    const draft = (await sdk.invoices.create(fields, ACCOUNT)).data
    assert.equal(Number(draft.amount.amount), 100)
    const link = (await sdk.invoices.update(ACCOUNT, draft.id, { status: 2 })).data
    assert.equal(link.v3Status, 'sent')
    assert.ok((await sdk.invoices.shareLink(ACCOUNT, draft.id)).data.shareLink)
    const payment = { invoiceId: Number(draft.id), amount: usd('100.00'), date: new Date('2026-11-03'), type: 'Check' }
    const paid = (await sdk.payments.create(ACCOUNT, payment)).data
    assert.equal((await sdk.invoices.single(ACCOUNT, draft.id)).data.v3Status, 'paid')
    assert.equal((await sdk.payments.update(ACCOUNT, paid.id, { note: 'By mail' })).data.note, 'By mail')
    await sdk.payments.delete(ACCOUNT, paid.id)
    await sdk.invoices.delete(ACCOUNT, draft.id)
    assert.equal((await sdk.invoices.single(ACCOUNT, draft.id)).data.visState, 1)
  })
  await check('expense: create, update, delete', async () => {
    const fields = { amount: usd('12.50'), categoryId: '301001', staffId: '1', date: new Date('2026-11-02') }
    const made = (await sdk.expenses.create(fields, ACCOUNT)).data
    assert.equal((await sdk.expenses.update({ ...fields, notes: 'x' }, ACCOUNT, made.id)).data.notes, 'x')
    assert.equal((await sdk.expenses.delete(ACCOUNT, made.id)).data.visState, 1)
  })
  await check('time entry: create, replace, delete', async () => {
    const fields = { isLogged: true, duration: 3600, startedAt: new Date('2026-11-02T15:00:00Z'), note: 'n' }
    const made = (await sdk.timeEntries.create(fields, BUSINESS)).data
    const changed = (await sdk.timeEntries.update({ ...fields, duration: 1800 }, BUSINESS, made.id)).data
    assert.equal(changed.duration, 1800)
    await sdk.timeEntries.delete(BUSINESS, made.id)
  })
  await check('project: create, update, delete', async () => {
    const made = (await sdk.projects.create({ title: 'Folder', clientId: Number(client.id) }, BUSINESS)).data
    assert.equal((await sdk.projects.update({ title: 'Folder II' }, BUSINESS, made.id)).data.title, 'Folder II')
    await sdk.projects.delete(BUSINESS, made.id)
  })
  await check('service with its rate', async () => {
    const made = (await sdk.services.create({ name: 'Proofreading' }, BUSINESS)).data
    await sdk.services.rate.create({ rate: '80.00' }, BUSINESS, made.id)
    assert.equal((await sdk.services.rate.single(BUSINESS, made.id)).data.rate, '80.00')
  })
  await check('item, task, vendor', async () => {
    assert.ok((await sdk.items.create(ACCOUNT, { name: 'Poster' })).data.id)
    const task = (await sdk.tasks.create({ name: 'Typing' }, ACCOUNT)).data
    assert.ok((await sdk.tasks.delete(ACCOUNT, task.id)).data)
    assert.ok((await sdk.billVendors.create({ vendorName: 'Paper Mill' }, ACCOUNT)).data)
  })
  await check('callback: create, resend, list, delete', async () => {
    const made = (await sdk.callbacks.create({ event: 'invoice', uri: 'http://127.0.0.1:9/' }, ACCOUNT)).data
    assert.equal(made.verified, false)
    await sdk.callbacks.resendVerification(ACCOUNT, made.callbackId)
    assert.equal((await sdk.callbacks.list(ACCOUNT)).data.callbacks.length, 1)
    await sdk.callbacks.delete(ACCOUNT, made.callbackId)
  })
  await check('payment options', async () => {
    assert.ok((await sdk.paymentOptions.default(ACCOUNT)).data)
  })
  await check('client: delete', async () => {
    assert.equal((await sdk.clients.delete(ACCOUNT, client.id)).data.visState, 1)
  })
}

async function reports() {
  const dates = new builders.SearchQueryBuilder().equals('start_date', '2026-01-01').equals('end_date', '2026-09-30')
  for (const name of ['paymentsCollected', 'profitLoss', 'taxSummary']) {
    await check(`report ${name}`, async () => {
      const { data } = await sdk.reports[name](ACCOUNT, [dates])
      assert.equal(new Date(data.startDate).toISOString().slice(0, 10), '2026-01-01')
    })
  }
}

async function main() {
  await check('code, token, refresh', async () => {
    await sdk.getAccessToken(CODE)
    await sdk.refreshAccessToken()
    assert.equal((await sdk.users.me()).data.firstName, 'Robin')
  })
  await lists()
  await filters()
  await writes()
  await reports()
  process.exitCode = failed ? 1 : 0
}

main()
