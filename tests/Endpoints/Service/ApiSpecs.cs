using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Endpoints.Keys;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>What owners do with their endpoints.</summary>
[Collection(OneInstallation.Name)]
public sealed class ApiSpecs(Installation installation)
{
    private static readonly object Wish = new { name = "chat", model = "org/model", hardware = "g5.xlarge", scaling = new { min = 0, max = 2, idleSeconds = 60 } };

    [Theory, InlineData("/v1/endpoints"), InlineData("/api/provision")]
    public async Task A_creation_is_accepted_with_id_url_and_status(string path)
    {
        using var owner = installation.As();
        using var answer = await owner.PostAsJsonAsync(path, Wish);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var endpoint = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        var id = (string)endpoint["id"]!;
        Assert.Matches("^endpt-[0-9a-f]{12}$", id);
        Assert.Equal(($"http://hypervize.test/api/d/{id}", "building", 1, "\"1\""), ((string)endpoint["url"]!, (string)endpoint["status"]!, (int)endpoint["wanted"]!, answer.Headers.ETag!.Tag));
        Assert.Equal($"/v1/endpoints/{id}", answer.Headers.Location!.ToString());
        Assert.Equal(1.006m, (decimal)endpoint["pricePerHour"]!);
    }

    [Fact]
    public async Task A_creation_repeated_under_its_key_is_the_same_endpoint_even_at_once()
    {
        using var owner = installation.As();
        owner.DefaultRequestHeaders.Add("Idempotency-Key", $"{Guid.NewGuid()}");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => owner.PostAsJsonAsync("/v1/endpoints", Wish)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        Assert.Single(answers.Select(a => a.Headers.Location).Distinct());

        using var other = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "other", model = "org/model", hardware = "g5.xlarge" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal("idempotency_key_reused", (string?)(await other.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
    }

    [Fact]
    public async Task Two_accounts_may_use_the_same_key()
    {
        var key = $"{Guid.NewGuid()}";
        var ids = await Task.WhenAll(((string[])["acct-aaaaaaaaaaaa", "acct-bbbbbbbbbbbb"]).Select(async account =>
        {
            using var owner = installation.As(account);
            owner.DefaultRequestHeaders.Add("Idempotency-Key", key);
            using var answer = await owner.PostAsJsonAsync("/v1/endpoints", Wish);
            return answer.Headers.Location!.ToString();
        }));
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public async Task A_list_shows_an_accounts_own_by_filter_and_page()
    {
        using var owner = installation.As("acct-cccccccccccc");
        foreach (var name in (string[])["one", "two", "three", "four"])
            (await owner.PostAsJsonAsync("/v1/endpoints", new { name, model = $"simulator/{name}", hardware = "g5.xlarge" })).EnsureSuccessStatusCode();

        Assert.Equal(["one", "two", "three", "four"], await NamesAsync(owner, ""));
        Assert.Equal(["two"], await NamesAsync(owner, "?model=simulator/two"));
        Assert.Equal(["two", "four"], await NamesAsync(owner, "?name=o", except: ["one"]));
        Assert.Equal(["one", "two", "three", "four"], await NamesAsync(owner, "?status=building"));
        Assert.Empty(await NamesAsync(owner, "?status=up"));

        var (pages, cursor) = (new List<string>(), "");
        do
        {
            var page = (await owner.GetFromJsonAsync<JsonObject>($"/v1/endpoints?limit=3{cursor}"))!;
            pages.AddRange(page["endpoints"]!.AsArray().Select(e => (string)e!["name"]!));
            cursor = page["cursor"] is { } next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);
        Assert.Equal(["one", "two", "three", "four"], pages);

        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        Assert.Equal(["one", "two", "three", "four"], await NamesAsync(@operator, "?account=acct-cccccccccccc"));
    }

    [Fact]
    public async Task A_change_is_answered_with_what_it_is_now()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        using var answer = await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { scaling = new { min = 2 }, access = "public" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var endpoint = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((2, 3, "public", 2), ((int)endpoint["scaling"]!["min"]!, (int)endpoint["scaling"]!["max"]!, (string)endpoint["access"]!, (int)endpoint["wanted"]!));

        using var same = new HttpRequestMessage(HttpMethod.Get, $"/v1/endpoints/{id}") { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await owner.SendAsync(same)).StatusCode);
    }

    [Fact]
    public async Task What_a_node_serves_in_a_minute_can_be_said_changed_and_taken_back()
    {
        using var owner = installation.As();
        var created = await (await owner.PostAsJsonAsync("/v1/endpoints", new { name = "rated", model = "simulator/tiny", scaling = new { requestsPerMinute = 600 } })).Content.ReadFromJsonAsync<JsonObject>();
        Assert.Equal(600, (int?)created!["scaling"]!["requestsPerMinute"]);
        Assert.Equal(600, await AfterAsync(new { name = "other" }));
        Assert.Equal(60, await AfterAsync(new { scaling = new { requestsPerMinute = 60 } }));
        Assert.Null(await AfterAsync(new { scaling = new { requestsPerMinute = (int?)null } }));

        async Task<int?> AfterAsync(object change) =>
            (int?)(await (await owner.PatchAsJsonAsync($"/v1/endpoints/{created["id"]}", change)).Content.ReadFromJsonAsync<JsonObject>())!["scaling"]!["requestsPerMinute"];
    }

    [Fact]
    public async Task A_timeline_tells_what_happened_and_why()
    {
        var id = await installation.CreateUpAsync("node-a");
        using var owner = installation.As();
        await owner.PostAsync($"/v1/endpoints/{id}/hibernate", null);
        var page = (await owner.GetFromJsonAsync<JsonObject>($"/v1/endpoints/{id}/events"))!;
        Assert.Equal(
            ["endpoint_created", "endpoint_provisioning", "node_ready", "endpoint_hibernated", "node_draining"],
            page["events"]!.AsArray().Select(e => (string)e!["type"]!));
        Assert.Contains(An.Owner, (string)page["events"]![3]!["summary"]!);
        Assert.Equal("http://node-a", (string)page["events"]![2]!["fact"]!["address"]!);

        var rest = (await owner.GetFromJsonAsync<JsonObject>($"/v1/endpoints/{id}/events?after=3&limit=1"))!;
        Assert.Equal((4L, 4L), ((long)Assert.Single(rest["events"]!.AsArray())!["version"]!, (long)rest["after"]!));
    }

    [Fact]
    public async Task A_key_is_shown_once_and_a_revoked_one_is_gone()
    {
        using var owner = installation.As(Bootstrap.OperatorAccount);
        using var issued = await owner.PostAsJsonAsync("/v1/keys", new { name = "laptop", scope = "inference" });
        Assert.Equal(HttpStatusCode.Created, issued.StatusCode);
        var key = (await issued.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Matches("^hvz_live_[0-9A-Za-z]{33}$", (string)key["key"]!);

        var listed = await owner.GetStringAsync("/v1/keys");
        Assert.Contains((string)key["prefix"]!, listed);
        Assert.DoesNotContain((string)key["key"]!, listed);
        Assert.DoesNotContain(installation.Output, line => line.Contains((string)key["key"]!, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"/v1/keys/{key["id"]}")).StatusCode);
        Assert.DoesNotContain((string)key["id"]!, await owner.GetStringAsync("/v1/keys"));
    }

    [Fact]
    public async Task The_first_key_once_revoked_stays_so_when_the_service_starts_again()
    {
        string first;
        using (var @operator = installation.As(Bootstrap.OperatorAccount, KeyScope.Operator))
        {
            var keys = (await @operator.GetFromJsonAsync<JsonObject>("/v1/keys"))!["keys"]!.AsArray();
            first = (string)keys.Single(k => (string)k!["name"]! == Bootstrap.By)!["id"]!;
            Assert.Equal(HttpStatusCode.NoContent, (await @operator.DeleteAsync($"/v1/keys/{first}")).StatusCode);
        }
        await installation.StopServiceAsync();
        await installation.StartServiceAsync();
        using var again = installation.As(Bootstrap.OperatorAccount, KeyScope.Operator);
        Assert.DoesNotContain(first, await again.GetStringAsync("/v1/keys"));
    }

    [Fact]
    public async Task Any_key_may_ask_whose_it_is()
    {
        using var keeper = installation.As(Bootstrap.OperatorAccount);
        var issued = (await (await keeper.PostAsJsonAsync("/v1/keys", new { name = "asking", scope = "inference" })).Content.ReadFromJsonAsync<JsonObject>())!;
        using var asking = installation.Client(new((string)issued["prefix"]!, Bootstrap.OperatorAccount, [KeyScope.Inference]));
        var identity = (await asking.GetFromJsonAsync<JsonObject>("/v1/identity"))!;
        Assert.Equal(
            (Bootstrap.OperatorAccount, "operator", (string)issued["id"]!, (string)issued["prefix"]!, "asking", "inference"),
            ((string)identity["accountId"]!, (string)identity["accountName"]!, (string)identity["keyId"]!, (string)identity["key"]!, (string)identity["keyName"]!, (string)Assert.Single(identity["scopes"]!.AsArray())!));

        await keeper.DeleteAsync($"/v1/keys/{issued["id"]}");
        Assert.False((await asking.GetFromJsonAsync<JsonObject>("/v1/identity"))!.ContainsKey("keyId"));
        using var proxy = installation.AsService();
        Assert.Equal(HttpStatusCode.NotFound, (await proxy.GetAsync("/v1/identity")).StatusCode);
    }

    [Fact]
    public async Task The_catalogue_names_hardware_and_add_ons_with_their_prices()
    {
        using var owner = installation.As();
        var catalogue = (await owner.GetFromJsonAsync<JsonObject>("/v1/hardware"))!;
        Assert.Equal(1.006m, (decimal)catalogue["hardware"]!.AsArray().Single(h => (string)h!["id"]! == "g5.xlarge")!["pricePerHour"]!);
        Assert.Equal(0.15m, (decimal)catalogue["addOns"]!.AsArray().Single(a => (string)a!["id"]! == "telemetry")!["pricePerHour"]!);
    }

    [Fact]
    public async Task Only_an_operator_makes_operators_and_accounts()
    {
        using var owner = installation.As(Bootstrap.OperatorAccount, KeyScope.Global);
        using var refused = await owner.PostAsJsonAsync("/v1/keys", new { name = "more", scope = "operator" });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using var @operator = installation.As(Bootstrap.OperatorAccount, KeyScope.Operator);
        using var created = await @operator.PostAsJsonAsync("/v1/accounts", new { name = "acme" });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var account = (await created.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Matches("^acct-[0-9a-f]{12}$", (string)account["id"]!);
        Assert.StartsWith("hvz_live_", (string)account["firstKey"]!["key"]!);
    }

    [Fact]
    public async Task The_documented_routes_are_those_there_are_and_a_body_made_by_the_document_is_taken()
    {
        using var nobody = installation.AsNobody();
        var document = (await nobody.GetFromJsonAsync<JsonObject>("/openapi/v1.json"))!;
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => $"{o.Key.ToUpperInvariant()} {p.Key}")).Order();
        Assert.Equal(
            [
                "DELETE /v1/endpoints/{id}", "DELETE /v1/keys/{id}", "GET /v1/accounts", "GET /v1/endpoints", "GET /v1/endpoints/{id}", "GET /v1/endpoints/{id}/events",
                "GET /v1/hardware", "GET /v1/identity", "GET /v1/keys", "GET /v1/quotes/{id}", "PATCH /v1/endpoints/{id}", "PATCH /v1/keys/{id}", "POST /api/provision", "POST /v1/accounts", "POST /v1/endpoints", "POST /v1/endpoints/{id}/disable",
                "POST /v1/endpoints/{id}/enable", "POST /v1/endpoints/{id}/hibernate", "POST /v1/endpoints/{id}/wake", "POST /v1/keys", "POST /v1/quotes",
            ],
            operations.Where(o => !o.Contains("/v1/operations", StringComparison.Ordinal)));

        // Only what the document requires, each at the least it allows.
        using var owner = installation.As();
        var create = Schema("/v1/endpoints", "post");
        Assert.Equal(["name"], Required(create));
        Assert.False((bool)create["additionalProperties"]!);
        var least = Required(create).ToDictionary(n => n, n => create["properties"]![n]!["enum"] is JsonArray words ? (string)words[0]! : "a");
        Assert.Equal(["model", "quote"], create["anyOf"]!.AsArray().Select(a => (string)a!["required"]![0]!));
        least["model"] = "simulator/a";
        Assert.Equal(HttpStatusCode.Accepted, (await owner.PostAsJsonAsync("/v1/endpoints", least)).StatusCode);

        // A change requires nothing, so an empty one is taken.
        var id = await installation.CreateAsync();
        Assert.Empty(Required(Schema("/v1/endpoints/{id}", "patch")));
        Assert.Equal(HttpStatusCode.OK, (await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { })).StatusCode);

        JsonObject Schema(string path, string method) => document["paths"]![path]![method]!["requestBody"]!["content"]!["application/json"]!["schema"]!.AsObject();

        static IReadOnlyList<string> Required(JsonObject schema) => [.. (schema["required"]?.AsArray() ?? []).Select(n => (string)n!).Order()];
    }

    [Fact]
    public async Task Answers_are_as_the_document_says_and_every_refusal_is_in_it()
    {
        using var nobody = installation.AsNobody();
        using var owner = installation.As();
        var document = (await nobody.GetFromJsonAsync<JsonObject>("/openapi/v1.json"))!;
        var id = await installation.CreateUpAsync("node-a");
        await ConformsAsync("/v1/endpoints", "get", await owner.GetAsync("/v1/endpoints"));
        await ConformsAsync("/v1/endpoints", "post", await owner.PostAsJsonAsync("/v1/endpoints", Wish));
        await ConformsAsync("/v1/endpoints", "post", await owner.PostAsJsonAsync("/v1/endpoints", new { name = "" }));
        await ConformsAsync("/v1/endpoints/{id}", "get", await owner.GetAsync($"/v1/endpoints/{id}"));
        await ConformsAsync("/v1/endpoints/{id}", "get", await owner.GetAsync("/v1/endpoints/endpt-000000000000"));
        await ConformsAsync("/v1/endpoints/{id}", "patch", await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { name = "other" }));
        await ConformsAsync("/v1/endpoints/{id}/events", "get", await owner.GetAsync($"/v1/endpoints/{id}/events"));
        await ConformsAsync("/v1/endpoints/{id}/disable", "post", await owner.PostAsync($"/v1/endpoints/{id}/disable", null));
        await ConformsAsync("/v1/endpoints/{id}/wake", "post", await owner.PostAsync($"/v1/endpoints/{id}/wake", null));
        await ConformsAsync("/v1/endpoints/{id}", "delete", await owner.DeleteAsync($"/v1/endpoints/{id}"));
        await ConformsAsync("/v1/endpoints/{id}", "get", await owner.GetAsync($"/v1/endpoints/{id}"));
        await ConformsAsync("/v1/endpoints", "post", await owner.PostAsJsonAsync("/v1/endpoints", new { name = "chat", model = "org/model", limits = new { perAddress = new { concurrent = 1 } } }));
        using var keeper = installation.As(Bootstrap.OperatorAccount);
        await ConformsAsync("/v1/keys", "post", await keeper.PostAsJsonAsync("/v1/keys", new { name = "laptop", limits = new { concurrent = 1 } }));
        await ConformsAsync("/v1/keys", "get", await keeper.GetAsync("/v1/keys"));
        await ConformsAsync("/v1/keys/{id}", "patch", await keeper.PatchAsJsonAsync("/v1/keys/key-000000000000", new { limits = (object?)null }));
        await ConformsAsync("/v1/hardware", "get", await owner.GetAsync("/v1/hardware"));
        await ConformsAsync("/v1/identity", "get", await keeper.GetAsync("/v1/identity"));
        await ConformsAsync("/v1/identity", "get", await owner.GetAsync("/v1/identity"));
        await ConformsAsync("/v1/quotes", "post", await owner.PostAsJsonAsync("/v1/quotes", new { model = "org/model" }));
        await ConformsAsync("/v1/quotes", "post", await owner.PostAsJsonAsync("/v1/quotes", new { model = "nobody/nothing" }));

        async Task ConformsAsync(string path, string method, HttpResponseMessage answer)
        {
            using (answer)
            {
                var responses = document["paths"]![path]![method]!["responses"]!.AsObject();
                Assert.True(responses.TryGetPropertyValue($"{(int)answer.StatusCode}", out var response), $"{method} {path} answered {(int)answer.StatusCode}, which its document does not know.");
                var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
                if (!answer.IsSuccessStatusCode) Assert.Contains((string)body!["code"]!, (string)response!["description"]!);
                Assert.Equal([], new Schemas(document).Errors(body, response!["content"]![answer.Content.Headers.ContentType!.MediaType!]!["schema"]!));
            }
        }
    }

    [Fact]
    public async Task A_keys_text_is_nowhere_in_the_database()
    {
        using var owner = installation.As(Bootstrap.OperatorAccount);
        using var issued = await owner.PostAsJsonAsync("/v1/keys", new { name = "laptop", scope = "inference" });
        var key = (string)(await issued.Content.ReadFromJsonAsync<JsonObject>())!["key"]!;
        Assert.NotNull(await installation.FindInDatabaseAsync("laptop"));
        Assert.Null(await installation.FindInDatabaseAsync(key));
        Assert.Null(await installation.FindInDatabaseAsync(key["hvz_live_".Length..]));
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(HttpClient client, string query, IReadOnlyList<string>? except = null)
    {
        var page = (await client.GetFromJsonAsync<JsonObject>($"/v1/endpoints{query}"))!;
        return [.. page["endpoints"]!.AsArray().Select(e => (string)e!["name"]!).Except(except ?? [])];
    }
}
