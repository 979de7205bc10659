using Hypervize.Billing.Ledger;
using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Billing.Tests;

/// <summary>Two replicas watch the same accounts, on a real database, while time passes.</summary>
public sealed class SpendWatchSpecs : IAsyncLifetime
{
    private const string Account = "acct-0123456789ab";
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Noon);
    private Database _database = null!;
    private IReadOnlyList<Replica> _replicas = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.CreateAsync();
        _replicas = [await Replica.StartAsync(_database, _time), await Replica.StartAsync(_database, _time)];
    }

    public async Task DisposeAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_cap_is_found_reached_once_and_lifted_once_when_the_month_ends()
    {
        await CapAsync(Account, 10);
        await CapAsync("acct-ffffffffffff", 10);
        await RunAsync(Account, "node-a", usdPerHour: 4);
        await LookAsync(TimeSpan.FromHours(2)); // 8 of 10.
        Assert.Equal(["SpendCapSet"], await FactsAsync(Account));

        await LookAsync(TimeSpan.FromHours(1));
        await LookAsync(TimeSpan.FromHours(1));
        Assert.Equal(["SpendCapSet", "SpendCapReached"], await FactsAsync(Account));
        Assert.Equal(new("2026-11", 10, 12), (await StateAsync(Account)).Reached);

        await LookAsync(TimeSpan.FromHours(9)); // One in the morning; it runs on, 4 of 10.
        Assert.Equal(["SpendCapSet", "SpendCapReached", "SpendCapLifted"], await FactsAsync(Account));
        await LookAsync(TimeSpan.FromHours(2));
        Assert.Equal("2026-12", (await StateAsync(Account)).Reached?.Month);
        Assert.Equal(["SpendCapSet"], await FactsAsync("acct-ffffffffffff"));
    }

    [Fact]
    public async Task What_starts_between_two_looks_is_not_overlooked()
    {
        await CapAsync(Account, 10);
        await LookAsync(TimeSpan.FromSeconds(5));
        await RunAsync(Account, "node-a", usdPerHour: 36_000);
        await LookAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(new("2026-11", 10, 50), (await StateAsync(Account)).Reached);
    }

    [Fact]
    public async Task A_cap_that_changes_between_two_looks_is_the_one_that_counts()
    {
        await CapAsync(Account, 1_000);
        await RunAsync(Account, "node-a", usdPerHour: 4);
        await LookAsync(TimeSpan.FromHours(2));
        await CapAsync(Account, 8.5m);
        await LookAsync(TimeSpan.FromMinutes(7));
        Assert.Null((await StateAsync(Account)).Reached);
        await LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(8.5m, (await StateAsync(Account)).Reached?.CapUsd);
    }

    private async Task LookAsync(TimeSpan later)
    {
        _time.Advance(later);
        await Task.WhenAll(_replicas.Select(r => r.Watch.LookAsync(CancellationToken.None)));
    }

    private async Task CapAsync(string account, decimal usd) => await _replicas[0].Spending.DecideAsync(
        SpendLife.Key(account), (state, _) => SpendDecider.Set(state, account, usd, new("2026-11", 0, 0), "hvz_live_ownr", _time.GetUtcNow()), CancellationToken.None);

    private async Task RunAsync(string account, string node, decimal usdPerHour) => await _replicas[0].Ledgers.DecideAsync(
        LedgerState.Key(account),
        (state, _) => LedgerDecider.Record(state, "endpt-0123456789ab", new NodeReady(node, "http://127.0.0.1:20000", "g5.xlarge", usdPerHour, [], _time.GetUtcNow(), null, _time.GetUtcNow()), Guid.NewGuid()),
        CancellationToken.None);

    private async Task<SpendState> StateAsync(string account) => (await _replicas[1].Spending.LoadAsync(SpendLife.Key(account), CancellationToken.None)).State!;

    private async Task<IEnumerable<string>> FactsAsync(string account)
    {
        await using var session = _replicas[1].Store.QuerySession();
        return (await session.Events.FetchStreamAsync(SpendLife.Key(account))).Select(e => e.Data.GetType().Name);
    }

    private sealed record Replica(IHost Host, SpendWatch Watch) : IAsyncDisposable
    {
        public EventStreams<SpendState, SpendEvent> Spending => Host.Services.GetRequiredService<EventStreams<SpendState, SpendEvent>>();

        public EventStreams<LedgerState, LedgerEvent> Ledgers => Host.Services.GetRequiredService<EventStreams<LedgerState, LedgerEvent>>();

        public IDocumentStore Store => Host.Services.GetRequiredService<IDocumentStore>();

        public static async Task<Replica> StartAsync(Database database, TimeProvider time)
        {
            var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddSingleton(time);
            EventLog.Add(builder.Services, "billing", database.ConnectionString).AddLedgers().Stream("spend", SpendLife.Fold);
            var host = builder.Build();
            await host.StartAsync();
            var spending = host.Services.GetRequiredService<EventStreams<SpendState, SpendEvent>>();
            return new(host, new(host.Services.GetRequiredService<IDocumentStore>(), spending, new(), time, NullLogger<SpendWatch>.Instance));
        }

        public async ValueTask DisposeAsync()
        {
            Watch.Dispose();
            await Host.StopAsync();
            Host.Dispose();
        }
    }
}
