using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Endpoints.Watching;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>Endpoints as a stream of events.</summary>
[Collection(OneInstallation.Name)]
public sealed class WatchSpecs(Installation installation)
{
    private readonly string _account = $"acct-{Guid.NewGuid():N}"[..17];

    [Fact]
    public async Task A_watcher_is_told_what_there_is_then_every_change_and_every_end()
    {
        using var owner = installation.As(_account);
        var (one, two) = (await CreateAsync(owner, "one"), await CreateAsync(owner, "two"));
        await DeleteAsync(owner, await CreateAsync(owner, "gone"));
        await using var watch = await Watch.StartAsync(owner);
        var first = await watch.ReadyAsync();
        Assert.Equal([one, two], first.Select(e => (string)e["id"]!));
        Assert.Equal((await owner.GetFromJsonAsync<JsonObject>($"/v1/endpoints/{one}"))!.ToJsonString(), first[0].ToJsonString());

        var asked = Stopwatch.GetTimestamp();
        await RenameAsync(owner, two, "other");
        var changed = (await watch.NextAsync())!.Value;
        // Well below the time after which the log is looked at without being told to.
        Assert.InRange(Stopwatch.GetElapsedTime(asked).TotalSeconds, 0, 3);
        Assert.Equal(("endpoint", two, "other", 2), (changed.Type, (string)changed.Data["id"]!, (string)changed.Data["name"]!, (int)changed.Data["version"]!));

        var three = await CreateAsync(owner, "three");
        var created = (await watch.NextAsync())!.Value;
        Assert.Equal(("endpoint", three), (created.Type, (string)created.Data["id"]!));
        await DeleteAsync(owner, one);
        Assert.Equal(one, (string)(await watch.UntilAsync("deleted", _ => true))["id"]!);
    }

    [Fact]
    public async Task What_nodes_do_is_told_too()
    {
        using var owner = installation.As();
        await using var watch = await Watch.StartAsync(owner);
        await watch.ReadyAsync();
        var id = await installation.CreateUpAsync("node-watched");
        var up = await watch.UntilAsync("endpoint", e => (string)e["id"]! == id && (string)e["status"]! == "up");
        Assert.Equal("ready", (string)Assert.Single(up["nodes"]!.AsArray())!["status"]!);
    }

    [Fact]
    public async Task Another_accounts_endpoints_are_never_seen_but_by_operators()
    {
        using var owner = installation.As(_account);
        using var other = installation.As($"acct-{Guid.NewGuid():N}"[..17]);
        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        var before = await CreateAsync(other, "before");
        await using var watch = await Watch.StartAsync(owner, $"?account={Installation.Account}");
        await using var ofOne = await Watch.StartAsync(@operator, $"?account={_account}");
        await using var ofAll = await Watch.StartAsync(@operator);
        Assert.Empty(await watch.ReadyAsync());
        Assert.Empty(await ofOne.ReadyAsync());
        Assert.Contains(before, (await ofAll.ReadyAsync()).Select(e => (string)e["id"]!));

        var after = await CreateAsync(other, "after");
        await RenameAsync(other, before, "still not seen");
        await DeleteAsync(other, before);
        var own = await CreateAsync(owner, "own");
        Assert.Equal(own, (string)(await watch.NextAsync())!.Value.Data["id"]!);
        Assert.Equal(own, (string)(await ofOne.NextAsync())!.Value.Data["id"]!);
        await ofAll.UntilAsync("endpoint", e => (string)e["id"]! == after);
    }

    [Fact]
    public async Task A_watcher_that_reads_slowly_is_told_the_newest_state_and_never_an_older_one_after_it()
    {
        using var owner = installation.As(_account);
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => CreateAsync(owner, $"slow {i}")));
        await using var watch = await Watch.StartAsync(owner);
        foreach (var i in Enumerable.Range(1, 25)) await Task.WhenAll(ids.Select(id => RenameAsync(owner, id, $"name {i}")));

        var last = new Dictionary<string, long>();
        await watch.UntilAsync("endpoint", _ => last.Count == ids.Length && last.Values.All(v => v == 26), it =>
        {
            if (it["id"] is null) return;
            var (id, version) = ((string)it["id"]!, (long)it["version"]!);
            Assert.True(!last.TryGetValue(id, out var before) || before < version, $"{id} went from {before} to {version}.");
            last[id] = version;
        });
    }

    [Fact]
    public async Task What_happens_while_the_service_does_not_hear_it_is_told_when_it_does_again()
    {
        using var owner = installation.As(_account);
        var (kept, changed, deleted) = (await CreateAsync(owner, "kept"), await CreateAsync(owner, "changed"), await CreateAsync(owner, "deleted"));
        await using var watch = await Watch.StartAsync(owner);
        await watch.ReadyAsync();
        // By now it listens.
        await RenameAsync(owner, kept, "heard");
        await watch.UntilAsync("endpoint", e => (string)e["name"]! == "heard");

        await installation.DeafenAsync();
        await RenameAsync(owner, changed, "missed");
        await DeleteAsync(owner, deleted);
        var created = await CreateAsync(owner, "created");

        var told = new List<string>();
        while (told.Count < 3) told.Add((string)(await watch.NextAsync())!.Value.Data["id"]!);
        Assert.Equal(((string[])[changed, created, deleted]).Order(), told.Order());
        Assert.DoesNotContain(kept, told);
    }

    [Fact]
    public async Task A_stream_ends_when_the_service_stops_and_holds_it_up_for_nothing()
    {
        using var owner = installation.As(_account);
        var id = await CreateAsync(owner, "lasting");
        await using var watch = await Watch.StartAsync(owner);
        await watch.ReadyAsync();
        var (began, stopped) = (Stopwatch.GetTimestamp(), installation.TerminateServiceAsync());
        Assert.Null(await watch.NextAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        await stopped;

        await installation.StopServiceAsync();
        await installation.StartServiceAsync();
        using var again = installation.As(_account);
        await using var anew = await Watch.StartAsync(again);
        Assert.Equal(id, (string)Assert.Single(await anew.ReadyAsync())["id"]!);
    }

    [Fact]
    public async Task An_account_has_only_so_many_watchers_at_once()
    {
        using var owner = installation.As(_account);
        var watches = await Task.WhenAll(Enumerable.Range(0, Watchers.MostOfAnAccount).Select(_ => Watch.StartAsync(owner)));
        using (var refused = await Watch.AskAsync(owner))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal("too_many_watchers", (string)(await refused.Content.ReadFromJsonAsync<JsonObject>())!["code"]!);
        }
        using var other = installation.As($"acct-{Guid.NewGuid():N}"[..17]);
        await using var another = await Watch.StartAsync(other);
        foreach (var watch in watches) await watch.DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await Watch.AskAsync(owner);
            return answer.IsSuccessStatusCode;
        }, "there is room again");
    }

    [Fact]
    public async Task A_stream_is_for_who_may_manage_and_knows_no_filters()
    {
        using var caller = installation.As(_account, KeyScope.Inference);
        using var forbidden = await Watch.AskAsync(caller);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        using var owner = installation.As(_account, KeyScope.Manage);
        using var filtered = await Watch.AskAsync(owner, "?status=up");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, filtered.StatusCode);
        await using var watch = await Watch.StartAsync(owner);
        Assert.Empty(await watch.ReadyAsync());
    }

    private static async Task<string> CreateAsync(HttpClient owner, string name)
    {
        using var created = await owner.PostAsJsonAsync("/v1/endpoints", new { name, model = "simulator/tiny", hardware = "g5.xlarge" });
        created.EnsureSuccessStatusCode();
        return created.Headers.Location!.ToString().Split('/')[^1];
    }

    private static async Task RenameAsync(HttpClient owner, string id, string name)
    {
        using var renamed = await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { name });
        renamed.EnsureSuccessStatusCode();
    }

    private static async Task DeleteAsync(HttpClient owner, string id)
    {
        using var deleted = await owner.DeleteAsync($"/v1/endpoints/{id}");
        deleted.EnsureSuccessStatusCode();
    }
}
