using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Endpoints.Keys;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>Limits as owners set them, and as proxies learn of them.</summary>
[Collection(OneInstallation.Name)]
public sealed class LimitSpecs(Installation installation)
{
    private const string All = """{"requestsPerMinute":600,"concurrent":32,"perAddress":{"requestsPerMinute":20,"concurrent":2}}""";

    [Fact]
    public async Task An_endpoint_is_created_with_limits_that_it_shows_and_proxies_hear_of()
    {
        using var owner = installation.As();
        var created = await IsAsync(HttpStatusCode.Accepted, owner.PostAsync("/v1/endpoints", Json($$"""{"name":"chat","model":"org/model","hardware":"g5.xlarge","limits":{{All}}}""")));
        Assert.Equal(All, Limits(created));
        var heard = await installation.HeardAsync((string)created["id"]!, EndpointStatus.Building);
        Assert.Equal(new EndpointLimits(600, 32, new(20, 2)), heard.Settings.Limits);
    }

    [Theory]
    [InlineData("""{"limits":null}""", null), InlineData("""{"limits":{}}""", null), InlineData("""{"limits":{"perAddress":{"concurrent":null}}}""", null)]
    [InlineData("""{"limits":{"concurrent":8}}""", """{"concurrent":8}"""), InlineData("""{"limits":{"perAddress":{"concurrent":1}}}""", """{"perAddress":{"concurrent":1}}""")]
    [InlineData("""{"limits":{"requestsPerMinute":1000000,"concurrent":null,"perAddress":null}}""", """{"requestsPerMinute":1000000}""")]
    [InlineData("""{"name":"other"}""", All)]
    public async Task A_change_replaces_limits_as_a_whole_or_leaves_them(string change, string? after)
    {
        using var owner = installation.As();
        var path = $"/v1/endpoints/{await installation.CreateAsync()}";
        await IsAsync(HttpStatusCode.OK, owner.PatchAsync(path, Json($$"""{"limits":{{All}}}""")));
        var changed = await IsAsync(HttpStatusCode.OK, owner.PatchAsync(path, Json(change)));
        Assert.Equal(after, Limits(changed));
        Assert.Equal((long)changed["version"]!, (long)(await IsAsync(HttpStatusCode.OK, owner.PatchAsync(path, Json(change))))["version"]!);
    }

    [Fact]
    public async Task All_that_is_wrong_with_limits_is_said_at_once()
    {
        using var owner = installation.As();
        var path = $"/v1/endpoints/{await installation.CreateAsync()}";
        var problem = await IsAsync(HttpStatusCode.UnprocessableEntity, owner.PatchAsync(path, Json("""{"limits":{"requestsPerMinute":0,"concurent":1,"perAddress":{"concurrent":-1}}}""")));
        Assert.Equal(["limits.concurent", "limits.perAddress.concurrent", "limits.requestsPerMinute"], problem["errors"]!.AsObject().Select(e => e.Key).Order());
    }

    [Fact]
    public async Task A_key_is_issued_with_limits_and_they_are_changed_and_taken_away()
    {
        using var owner = installation.As(Bootstrap.OperatorAccount);
        var key = await IsAsync(HttpStatusCode.Created, owner.PostAsync("/v1/keys", Json("""{"name":"laptop","limits":{"requestsPerMinute":60,"concurrent":4}}""")));
        var id = (string)key["id"]!;
        Assert.Equal("""{"requestsPerMinute":60,"concurrent":4}""", Limits(key));
        Assert.Equal(new RequestLimits(60, 4), await RoutedAsync(id));

        var changed = await IsAsync(HttpStatusCode.OK, owner.PatchAsync($"/v1/keys/{id}", Json("""{"limits":{"concurrent":8}}""")));
        Assert.Equal(("""{"concurrent":8}""", null), (Limits(changed), changed["key"]));
        await IsAsync(HttpStatusCode.OK, owner.PatchAsync($"/v1/keys/{id}", Json("{}")));
        Assert.Equal("""{"concurrent":8}""", await ListedAsync());
        Assert.Equal(new RequestLimits(null, 8), await RoutedAsync(id));

        await IsAsync(HttpStatusCode.OK, owner.PatchAsync($"/v1/keys/{id}", Json("""{"limits":null}""")));
        Assert.Null(await ListedAsync());
        Assert.Null(await RoutedAsync(id));

        async Task<string?> ListedAsync() => Limits((await owner.GetFromJsonAsync<JsonObject>("/v1/keys"))!["keys"]!.AsArray().Single(k => (string)k!["id"]! == id)!);
    }

    [Fact]
    public async Task Wrong_limits_of_a_key_are_named_and_what_a_key_is_can_not_be_changed()
    {
        using var owner = installation.As(Bootstrap.OperatorAccount);
        var issued = await IsAsync(HttpStatusCode.UnprocessableEntity, owner.PostAsync("/v1/keys", Json("""{"limits":{"requestsPerMinute":1.5,"concurrent":100001}}""")));
        Assert.Equal(["limits.concurrent", "limits.requestsPerMinute", "name"], issued["errors"]!.AsObject().Select(e => e.Key).Order());

        var changed = await IsAsync(HttpStatusCode.UnprocessableEntity, owner.PatchAsync("/v1/keys/key-0123456789ab", Json("""{"limits":7,"name":"phone","scope":"global"}""")));
        Assert.Equal(["limits", "name", "scope"], changed["errors"]!.AsObject().Select(e => e.Key).Order());
        Assert.StartsWith("can't be changed", (string)changed["errors"]!["name"]![0]!);

        Assert.Equal("key_not_found", (string?)(await IsAsync(HttpStatusCode.NotFound, owner.PatchAsync("/v1/keys/key-0123456789ab", Json("""{"limits":null}"""))))["code"]);
        using var manager = installation.As(Bootstrap.OperatorAccount, KeyScope.Manage);
        Assert.Equal("scope_missing", (string?)(await IsAsync(HttpStatusCode.Forbidden, manager.PatchAsync("/v1/keys/key-0123456789ab", Json("{}"))))["code"]);
    }

    [Fact]
    public async Task The_document_says_what_limits_hold_and_that_they_may_be_null()
    {
        using var nobody = installation.AsNobody();
        var document = (await nobody.GetFromJsonAsync<JsonObject>("/openapi/v1.json"))!;
        foreach (var (path, method, members) in new[]
        {
            ("/v1/endpoints", "post", (string[])["requestsPerMinute", "concurrent", "perAddress"]), ("/v1/endpoints/{id}", "patch", ["requestsPerMinute", "concurrent", "perAddress"]),
            ("/v1/keys", "post", ["requestsPerMinute", "concurrent"]), ("/v1/keys/{id}", "patch", ["requestsPerMinute", "concurrent"]),
        })
        {
            var limits = document["paths"]![path]![method]!["requestBody"]!["content"]!["application/json"]!["schema"]!["properties"]!["limits"]!;
            Assert.Equal(members, limits["properties"]!.AsObject().Select(p => p.Key));
            Assert.All(limits["properties"]!.AsObject().Select(p => p.Value!).Append(limits), value => Assert.Contains("null", value["type"]!.AsArray().Select(t => (string)t!)));
            if (limits["properties"]!["perAddress"] is { } each) Assert.Equal(["requestsPerMinute", "concurrent"], each["properties"]!.AsObject().Select(p => p.Key));
        }
    }

    private async Task<RequestLimits?> RoutedAsync(string key)
    {
        using var proxy = installation.AsService();
        var snapshot = (await proxy.GetFromJsonAsync<RoutingSnapshot>("/internal/routing", Hypervize.Hosting.Json.Options))!;
        return snapshot.Accounts.SelectMany(a => a.State.Keys).Single(k => k.Id == key).Limits;
    }

    private static string? Limits(JsonNode resource) => resource["limits"]?.ToJsonString();

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private static async Task<JsonObject> IsAsync(HttpStatusCode status, Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}
