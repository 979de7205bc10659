using System.Text.Json;
using System.Text.Json.Nodes;
using Hypervize.Cli.Running;
using Npgsql;

namespace Hypervize.EndToEnd.Tests;

/// <summary>
/// Each service is killed at a random moment of lifecycles, and the broker and the database are restarted, under traffic. Afterwards
/// everything is as its owners asked, and every cent is accounted for.
/// </summary>
public sealed class ChaosSpecs(Platform platform) : IClassFixture<Platform>
{
    private static readonly TimeSpan BilledWithin = TimeSpan.FromSeconds(2);
    private readonly List<(string Service, DateTimeOffset From, DateTimeOffset To)> _outages = [];

    [Fact]
    public async Task Whatever_is_killed_all_is_as_asked_and_billed_as_served()
    {
        var busy = await platform.CreateAsync("busy", min: 1, max: 2);
        var restless = await platform.CreateAsync("restless");
        var disabled = await platform.CreateAsync("disabled");
        var deleted = await platform.CreateAsync("deleted");
        foreach (var id in (string[])[busy, restless, disabled, deleted]) await platform.UntilAsync(id, "up");

        IReadOnlyCollection<FailedRequest> failures;
        await using (var traffic = new Traffic(platform.Url, platform.OperatorKey, busy, clients: 4))
        {
            foreach (var service in ServiceTable.All.Select(s => s.Name).OrderBy(_ => Random.Shared.Next()))
                await DuringALifecycleAsync(restless, () => KillAndRestartAsync(service));
            await DuringALifecycleAsync(restless, RestartBrokerAsync);
            await DuringALifecycleAsync(restless, RestartDatabaseAsync);
            await PatientlyAsync(() => platform.DoAsync(disabled, "disable"));
            await PatientlyAsync(() => platform.Client.CallAsync(HttpMethod.Delete, $"v1/endpoints/{deleted}", CancellationToken.None));
            var served = traffic.Answers;
            await Platform.EventuallyAsync(() => Task.FromResult(traffic.Answers > served + 20), "traffic to go on");
            failures = traffic.Failures;
        }

        await Platform.EventuallyAsync(async () => (string)(await platform.ShowAsync(busy))["status"]! == "up", "busy to be up");
        await platform.UntilAsync(restless, "up");
        await platform.UntilAsync(disabled, "disabled");
        Assert.DoesNotContain(failures, f => !_outages.Any(o => o.Service == ServiceTable.Proxy && f.To >= o.From && f.From <= o.To));
        await Platform.EventuallyAsync(NoNodeRunsUnclaimedAsync, "no node to run unclaimed");
        IReadOnlyList<string> behind = [];
        await Platform.EventuallyAsync(
            async () => (behind = await BehindAsync()).Count == 0, "every consumer to be up to date", () => string.Join("; ", behind));
        await Platform.EventuallyAsync(BillEqualsReplayAsync, "the bill to equal its replay");
        await MetersEqualServingLogsAsync();
    }

    // Sleeps and wakes an endpoint, with the disturbance at a random moment of it.
    private async Task DuringALifecycleAsync(string id, Func<Task> disturb)
    {
        var life = Task.Run(async () =>
        {
            await PatientlyAsync(() => platform.DoAsync(id, "hibernate"));
            await PatientlyAsync(() => platform.DoAsync(id, "wake"));
        });
        await Task.Delay(Random.Shared.Next(1500));
        await disturb();
        await life;
        await platform.UntilAsync(id, "up");
    }

    private async Task KillAndRestartAsync(string service)
    {
        var from = DateTimeOffset.UtcNow;
        await platform.Installation.KillServiceAsync(service);
        await Task.Delay(500);
        await platform.Installation.StartServiceAsync(service, CancellationToken.None);
        _outages.Add((service, from, DateTimeOffset.UtcNow));
    }

    private async Task RestartBrokerAsync()
    {
        await platform.Installation.Backing.StopRabbitMqAsync();
        await Task.Delay(1000);
        await platform.Installation.Backing.StartRabbitMqAsync(_ => { }, CancellationToken.None);
    }

    private async Task RestartDatabaseAsync()
    {
        await platform.Installation.Backing.StopPostgresAsync();
        await Task.Delay(1000);
        await platform.Installation.Backing.StartPostgresAsync(_ => { }, CancellationToken.None);
    }

    // What a user's script does: repeats a command until the platform takes it. All of them may be asked twice.
    private static Task PatientlyAsync(Func<Task<JsonNode?>> command) => Platform.EventuallyAsync(async () =>
    {
        await command();
        return true;
    }, "a command to be taken");

    private async Task<bool> NoNodeRunsUnclaimedAsync()
    {
        var running = await platform.InternalAsync<JsonElement[]>(Url(ServiceTable.Provisioner), "internal/nodes");
        var all = (await platform.Client.CallAsync(HttpMethod.Get, "v1/endpoints?limit=200", CancellationToken.None))!["endpoints"]!.AsArray();
        var claimed = all.SelectMany(e => e!["nodes"]!.AsArray()).Select(n => (string)n!["id"]!);
        return running.Select(n => n.GetProperty("nodeId").GetString()!).Order().SequenceEqual(claimed.Order());
    }

    // Who has not read what; none when every consumer's last version is its stream's.
    private async Task<IReadOnlyList<string>> BehindAsync()
    {
        var endpoints = await platform.VersionsAsync(Url(ServiceTable.Endpoints), "internal/endpoints/versions");
        var capacities = await platform.VersionsAsync(Url(ServiceTable.Provisioner), "internal/capacity/versions");
        var routed = await platform.VersionsAsync(platform.Installation.Wiring.InternalUrl, "internal/read-model");
        return [
            .. Behind(ServiceTable.Billing, endpoints, await ReadByAsync(ServiceTable.Billing)),
            .. Behind(ServiceTable.Endpoints, capacities, await ReadByAsync(ServiceTable.Endpoints)),
            .. Behind(ServiceTable.Proxy, endpoints.Where(e => routed.ContainsKey(e.Key)), routed),
        ];
    }

    private static IEnumerable<string> Behind(string consumer, IEnumerable<KeyValuePair<string, long>> streams, Dictionary<string, long> read) =>
        streams.Where(s => read.GetValueOrDefault(s.Key) != s.Value).Select(s => $"{consumer} read {s.Key} to {read.GetValueOrDefault(s.Key)} of {s.Value}");

    private async Task<Dictionary<string, long>> ReadByAsync(string service)
    {
        await using var connection = new NpgsqlConnection(platform.Installation.Backing.Postgres.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"select id, (data ->> 'read')::bigint from {service}.mt_doc_feed_cursor", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var read = new Dictionary<string, long>();
        while (await reader.ReadAsync()) read[reader.GetString(0)] = reader.GetInt64(1);
        return read;
    }

    private async Task<bool> BillEqualsReplayAsync()
    {
        var report = (await platform.Client.CallAsync(HttpMethod.Post, "v1/billing/replay", CancellationToken.None))!;
        return report["billed"]!.GetValue<decimal>() > 0 && report["differences"]!.AsArray().Count == 0;
    }

    private async Task MetersEqualServingLogsAsync()
    {
        var usage = (await platform.Client.CallAsync(HttpMethod.Get, "v1/billing/usage?lines=true", CancellationToken.None))!;
        var now = DateTimeOffset.UtcNow;
        var meters = usage["lines"]!.AsArray().GroupBy(l => (string)l!["subject"]!).ToDictionary(
            g => g.Key, g => (From: g.Min(l => l!["from"]!.GetValue<DateTimeOffset>()), To: g.Max(l => l!["closedBy"] is null ? now : l["to"]!.GetValue<DateTimeOffset>())));
        var served = Directory.GetFiles(platform.Installation.Wiring.Place("nodes"), "serving*", SearchOption.AllDirectories).Select(ReadServingLog)
            .Where(l => l is not null).Select(l => l!.Value).ToDictionary(l => l.Node, l => (l.From, To: l.Ended ? l.To : now));

        Assert.Subset(served.Keys.ToHashSet(), meters.Keys.ToHashSet());
        Assert.All(served, node =>
        {
            var (from, to) = node.Value;
            // One that was let go of as it became ready may have served for a moment that nobody saw.
            var metered = meters.GetValueOrDefault(node.Key, (From: from, To: from));
            var told = $"{node.Key} was metered {metered.From:HH:mm:ss.fff} to {metered.To:HH:mm:ss.fff} and served {from:HH:mm:ss.fff} to {to:HH:mm:ss.fff}";
            Assert.True(Within(metered.From, from, Blind(from).To) && Within(metered.To, Blind(to).From, to), told);
        });
    }

    private static bool Within(DateTimeOffset metered, DateTimeOffset earliest, DateTimeOffset latest) =>
        metered >= earliest - BilledWithin && metered <= latest + BilledWithin;

    // What happened while the provisioner was dead nobody saw, and nobody pays for it: a meter opens when its successor looks, and
    // closes when the node was last seen.
    private (DateTimeOffset From, DateTimeOffset To) Blind(DateTimeOffset at) => _outages
        .Where(o => o.Service == ServiceTable.Provisioner && o.From <= at && at <= o.To).Select(o => (o.From, o.To)).DefaultIfEmpty((at, at)).First();

    private static (string Node, DateTimeOffset From, DateTimeOffset To, bool Ended)? ReadServingLog(string file)
    {
        var lines = File.ReadLines(file).Select(l => JsonNode.Parse(l)!).ToList();
        return lines.Count == 0 ? null
            : ((string)lines[0]["node"]!, lines[0]["at"]!.GetValue<DateTimeOffset>(), lines[^1]["at"]!.GetValue<DateTimeOffset>(), (string)lines[^1]["event"]! == "stopped");
    }

    private string Url(string service) => platform.Installation.Wiring.Url(service);
}
