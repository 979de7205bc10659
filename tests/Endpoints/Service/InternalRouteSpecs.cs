using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>What other services ask.</summary>
[Collection(OneInstallation.Name)]
public sealed class InternalRouteSpecs(Installation installation)
{
    [Fact]
    public async Task A_proxy_wakes_a_sleeping_endpoint_once_however_often_it_asks()
    {
        var id = await HibernatedAsync();
        using var proxy = installation.AsService();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => proxy.PostAsJsonAsync($"/internal/endpoints/{id}/wake", new WakeEndpoint(99, "proxy-1", n + 1), Json.Options)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));

        await installation.HeardAsync(id, EndpointStatus.Waking);
        var woken = (EndpointWoken)installation.Heard.Single(m => m.EndpointId == id && m.Fact is EndpointWoken).Fact;
        Assert.Equal("proxy-1", woken.By);
        Assert.Contains("proxy proxy-1", woken.Reason);
    }

    [Fact]
    public async Task A_proxy_hears_why_an_endpoint_can_not_be_woken()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        await owner.PostAsync($"/v1/endpoints/{id}/disable", null);
        using var proxy = installation.AsService();
        using var answer = await proxy.PostAsJsonAsync($"/internal/endpoints/{id}/wake", new WakeEndpoint(99, "proxy-1", 1), Json.Options);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("endpoint_disabled", (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
    }

    [Fact]
    public async Task Only_services_are_let_in()
    {
        using var nobody = installation.AsNobody();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/internal/routing")).StatusCode);
        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        Assert.Equal(HttpStatusCode.Forbidden, (await @operator.GetAsync("/internal/routing")).StatusCode);
    }

    [Fact]
    public async Task A_routing_snapshot_holds_what_can_be_called_and_its_keys()
    {
        var up = await installation.CreateUpAsync("node-a");

        var snapshot = await SnapshotAsync();
        var listed = snapshot.Endpoints.Single(e => e.State.Id == up);
        Assert.Equal((3L, EndpointStatus.Up), (listed.Version, listed.State.Status));
        Assert.Contains(snapshot.Accounts, a => a.State.Keys.Any(k => k.Scopes.Contains(KeyScope.Operator)));
        Assert.True(snapshot.Position >= installation.Heard.Where(m => m.EndpointId == up).Max(m => m.Position));
    }

    [Fact]
    public async Task A_deleted_endpoint_is_listed_for_an_hour_and_until_its_nodes_have_ended()
    {
        var id = await installation.CreateUpAsync("node-a");
        using var owner = installation.As();
        await owner.DeleteAsync($"/v1/endpoints/{id}");
        Assert.Equal(EndpointStatus.Deleted, (await SnapshotAsync()).Endpoints.Single(e => e.State.Id == id).State.Status);

        await installation.AgeAsync(id, TimeSpan.FromMinutes(61));
        Assert.NotEmpty((await SnapshotAsync()).Endpoints.Single(e => e.State.Id == id).State.Nodes);

        await installation.ReportAsync(id, An.Ended("node-a"));
        await Eventually.TrueAsync(async () => (await SnapshotAsync()).Endpoints.All(e => e.State.Id != id), "the deleted endpoint to go");
    }

    [Fact]
    public async Task How_a_deleted_endpoints_last_node_ended_is_listed_for_who_missed_it()
    {
        var id = await installation.CreateUpAsync("node-a");
        using var owner = installation.As();
        await owner.DeleteAsync($"/v1/endpoints/{id}");
        await installation.ReportAsync(id, An.Ended("node-a"));
        await Eventually.TrueAsync(async () => (await SnapshotAsync()).Endpoints.Single(e => e.State.Id == id).State.Nodes.Count == 0, "its node to have ended");
    }

    [Fact]
    public async Task Who_knows_the_logs_end_is_told_so_until_something_happens()
    {
        var snapshot = await SnapshotAsync();
        using var proxy = installation.AsService();
        Assert.Equal(HttpStatusCode.NoContent, (await proxy.GetAsync($"/internal/routing?knownPosition={snapshot.Position}")).StatusCode);

        await installation.CreateAsync();
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync($"/internal/routing?knownPosition={snapshot.Position}")).StatusCode);
        Assert.True((await SnapshotAsync()).Position > snapshot.Position);
    }

    [Fact]
    public async Task A_consumer_can_compare_versions_and_fetch_what_it_missed()
    {
        var id = await installation.CreateUpAsync("node-a");
        using var billing = installation.AsService("billing");
        var versions = await billing.GetFromJsonAsync<IReadOnlyList<StreamVersion>>("/internal/endpoints/versions", Json.Options);
        Assert.Equal(3, versions!.Single(v => v.Id == id).Version);
        Assert.Contains(id, (await billing.GetFromJsonAsync<IReadOnlyList<StreamVersion>>($"/internal/endpoints/versions?account={Installation.Account}", Json.Options))!.Select(v => v.Id));
        Assert.Empty((await billing.GetFromJsonAsync<IReadOnlyList<StreamVersion>>("/internal/endpoints/versions?account=acct-ffffffffffff", Json.Options))!);

        var missed = await billing.GetFromJsonAsync<IReadOnlyList<EndpointChanged>>($"/internal/endpoints/{id}/events?after=1", Json.Options);
        var heard = installation.Heard.Where(m => m.EndpointId == id && m.Version > 1).ToList();
        Assert.Equal(heard.Select(m => (m.Version, m.Position, m.EventId)), missed!.Select(m => (m.Version, m.Position, m.EventId)));
        Assert.Equal(heard.Select(m => (m.Fact.GetType(), m.State.Status, m.State.Nodes.Count)), missed!.Select(m => (m.Fact.GetType(), m.State.Status, m.State.Nodes.Count)));
    }

    private async Task<string> HibernatedAsync()
    {
        var id = await installation.CreateUpAsync("node-a");
        using var owner = installation.As();
        (await owner.PostAsync($"/v1/endpoints/{id}/hibernate", null)).EnsureSuccessStatusCode();
        await installation.ReportAsync(id, An.Ended("node-a"));
        await installation.HeardAsync(id, EndpointStatus.Hibernated);
        return id;
    }

    private async Task<RoutingSnapshot> SnapshotAsync()
    {
        using var proxy = installation.AsService();
        return (await proxy.GetFromJsonAsync<RoutingSnapshot>("/internal/routing", Json.Options))!;
    }
}
