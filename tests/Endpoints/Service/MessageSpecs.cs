using System.Net;
using System.Net.Http.Json;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>What comes and goes over the bus.</summary>
[Collection(OneInstallation.Name)]
public sealed class MessageSpecs(Installation installation)
{
    [Fact]
    public async Task Facts_about_nodes_bring_an_endpoint_up_and_every_change_is_published_in_order()
    {
        var id = await installation.CreateAsync();
        await installation.ReportAsync(id, An.Requested("node-a"));
        await installation.ReportAsync(id, An.BecameReady("node-a"));
        var up = await installation.HeardAsync(id, EndpointStatus.Up);

        Assert.Equal("http://node-a", Assert.Single(up.Nodes).Address);
        var heard = installation.Heard.Where(m => m.EndpointId == id).ToList();
        Assert.Equal([1L, 2, 3], heard.Select(m => m.Version));
        Assert.Equal([EndpointStatus.Building, EndpointStatus.Building, EndpointStatus.Up], heard.Select(m => m.State.Status));
        var ready = Assert.IsType<NodeReady>(heard[2].Fact);
        Assert.Equal((An.Price, An.Noon), (ready.PricePerHour, ready.At));
    }

    [Fact]
    public async Task A_fact_delivered_twice_counts_once_and_a_lost_one_is_fetched()
    {
        var id = await installation.CreateAsync();
        var requested = installation.Provisioner.Record(id, An.Requested("node-a"));
        await installation.PublishAsync(requested);
        await installation.PublishAsync(requested);
        installation.Provisioner.Record(id, An.BecameReady("node-a"));
        await installation.ReportAsync(id, new NodeStarted("node-a", "http://node-a", An.Noon));

        var up = await installation.HeardAsync(id, EndpointStatus.Up);
        Assert.Single(up.Nodes);
        Assert.Equal(3, installation.Heard.Last(m => m.EndpointId == id).Version);
    }

    [Fact]
    public async Task Many_facts_of_many_endpoints_at_once_are_each_taken_in_order()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => installation.CreateAsync()));
        await Task.WhenAll(ids.Select(async id =>
        {
            for (var n = 0; n < 10; n++)
            {
                await installation.ReportAsync(id, An.Requested($"node-{n}"));
                await installation.ReportAsync(id, An.BecameReady($"node-{n}"));
                await installation.ReportAsync(id, An.Fell($"node-{n}"));
            }
        }));
        foreach (var id in ids)
        {
            await Eventually.TrueAsync(() => installation.Heard.Count(m => m is { EndpointId: var e, Fact: NodeLost } && e == id) == 10, "the last fact");
            var facts = installation.Heard.Where(m => m.EndpointId == id).Skip(1).Select(m => m.Fact.GetType().Name);
            Assert.Equal(Enumerable.Repeat((string[])["EndpointProvisioning", "NodeReady", "NodeLost"], 10).SelectMany(f => f), facts);
        }
    }

    [Fact]
    public async Task What_was_reported_while_the_service_was_down_is_caught_up_with_at_start()
    {
        var id = await installation.CreateAsync();
        await installation.HeardAsync(id, EndpointStatus.Building);
        await installation.StopServiceAsync();
        // The bus lost these, every one.
        installation.Provisioner.Record(id, An.Requested("node-a"));
        installation.Provisioner.Record(id, An.BecameReady("node-a"));
        await installation.StartServiceAsync();
        await installation.HeardAsync(id, EndpointStatus.Up);
    }

    [Fact]
    public async Task The_autoscaler_scales_and_a_stale_command_changes_nothing()
    {
        var id = await installation.CreateUpAsync("node-a");
        await installation.PublishAsync(new ScaleEndpoint(id, DecidedOn: 1, Wanted: 3, [], "too late"));
        await installation.PublishAsync(new ScaleEndpoint(id, DecidedOn: 3, Wanted: 2, [], "12 in flight at 8 per node"));
        await Eventually.TrueAsync(() => installation.Heard.Any(m => m.EndpointId == id && m.Fact is EndpointScaled), "the change");
        await installation.PublishAsync(new HibernateEndpoint(id, DecidedOn: 4, "idle for 300 s"));
        await installation.HeardAsync(id, EndpointStatus.Hibernated);

        var scaled = (EndpointScaled)installation.Heard.Single(m => m.EndpointId == id && m.Fact is EndpointScaled).Fact;
        Assert.Equal((1, 2, "12 in flight at 8 per node", "autoscaler"), (scaled.From, scaled.To, scaled.Reason, scaled.By));
        Assert.Equal(new EndpointHibernated("idle for 300 s", "autoscaler", default), ((EndpointHibernated)installation.Heard.Single(m => m.EndpointId == id && m.Fact is EndpointHibernated).Fact) with { At = default });
    }

    [Fact]
    public async Task A_refused_command_is_a_line_in_the_log_and_no_failed_message()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        await owner.DeleteAsync($"/v1/endpoints/{id}");
        await installation.PublishAsync(new ScaleEndpoint(id, DecidedOn: 99, Wanted: 2, [], "load"));
        await Eventually.TrueAsync(() => installation.Output.Any(l => l.Contains(id, StringComparison.Ordinal) && l.Contains("endpoint_deleted", StringComparison.Ordinal)), "the line");

        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        using var errors = await @operator.GetAsync("/v1/operations/endpoints/errors");
        Assert.Equal(HttpStatusCode.OK, errors.StatusCode);
        Assert.DoesNotContain(id, await errors.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Fifty_owners_commands_at_once_are_all_answered()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        var answers = await Task.WhenAll(Enumerable.Range(1, 50).Select(n => owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { name = $"chat {n}" })));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        await Eventually.TrueAsync(() => installation.Heard.Count(m => m.EndpointId == id) == 51, "every change");
        Assert.Equal(Enumerable.Range(1, 51).Select(v => (long)v), installation.Heard.Where(m => m.EndpointId == id).Select(m => m.Version));
    }
}
