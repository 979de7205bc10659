using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>What becomes of a message that fails every retry.</summary>
[Collection(OneInstallation.Name)]
public sealed class ErrorQueueSpecs(Installation installation)
{
    private const string Queue = "endpoints-capacity";

    [Fact]
    public async Task A_message_that_failed_every_retry_is_listed_with_its_reason_and_replayed_when_that_is_mended()
    {
        var id = await installation.CreateAsync();
        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        // The provisioner speaks of its second fact and does not have the first.
        var second = new CapacityChanged(id, 2, Guid.NewGuid(), An.BecameReady("node-a"));
        await installation.PublishAsync(second);
        await Eventually.TrueAsync(async () => (await FailedAsync()).Count == 1, "the message to be given up");
        var failed = Assert.Single(await FailedAsync());
        Assert.Equal((Queue, id), ((string)failed["queue"]!, (string)failed["body"]!["endpointId"]!));
        Assert.Contains("has no fact 1", (string)failed["reason"]!);
        Assert.Contains("CapacityChanged", (string)failed["messageType"]!);

        installation.Provisioner.Record(id, An.Requested("node-a"));
        installation.Provisioner.Record(id, second.Fact);
        using var replayed = await @operator.PostAsync($"/v1/operations/endpoints/errors/{Queue}/replay", null);
        Assert.Equal(HttpStatusCode.OK, replayed.StatusCode);
        Assert.Equal(1, (int)(await replayed.Content.ReadFromJsonAsync<JsonObject>())!["replayed"]!);
        await installation.HeardAsync(id, EndpointStatus.Up);
        Assert.Empty(await FailedAsync());

        async Task<IReadOnlyList<JsonNode>> FailedAsync() =>
            [.. (await @operator.GetFromJsonAsync<JsonObject>("/v1/operations/endpoints/errors"))!["messages"]!.AsArray().Where(m => (string?)m!["body"]!["endpointId"] == id).Select(m => m!)];
    }

    [Fact]
    public async Task A_queue_that_is_not_the_services_is_not_replayed()
    {
        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        using var answer = await @operator.PostAsync("/v1/operations/endpoints/errors/billing-endpoints/replay", null);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("queue_unknown", (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
    }
}
