using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>Every wrong request has its status, its code and the path of the field.</summary>
[Collection(OneInstallation.Name)]
public sealed class BadInputSpecs(Installation installation)
{
    private const string Good = """{"name":"chat","model":"org/model","hardware":"g5.xlarge"}""";

    public static TheoryData<string, string> WrongFields() => new()
    {
        { "name", """{"model":"org/model","hardware":"g5.xlarge"}""" },
        { "name", """{"name":"","model":"org/model","hardware":"g5.xlarge"}""" },
        { "name", $$"""{"name":"{{new string('n', 65)}}","model":"org/model","hardware":"g5.xlarge"}""" },
        { "name", """{"name":"<script>","model":"org/model","hardware":"g5.xlarge"}""" },
        { "name", """{"name":7,"model":"org/model","hardware":"g5.xlarge"}""" },
        { "name", """{"name":"a","name":"b","model":"org/model","hardware":"g5.xlarge"}""" },
        { "model", """{"name":"chat","hardware":"g5.xlarge"}""" },
        { "model", """{"name":"chat","model":"org/model; rm -rf","hardware":"g5.xlarge"}""" },
        { "context", """{"name":"chat","model":"org/model","context":0}""" },
        { "quantization", """{"name":"chat","model":"org/model","quantization":"a b"}""" },
        { "quote", """{"name":"chat","quote":"mine"}""" },
        { "model", """{"name":"chat","model":"org/model","quote":"quote-0123456789ab"}""" },
        { "trustRemoteCode", """{"name":"chat","model":"org/model","trustRemoteCode":"yes"}""" },
        { "hardware", """{"name":"chat","model":"org/model","runtime":"command"}""" },
        { "runtimeArguments", """{"name":"chat","model":"org/model","runtimeArguments":["--enforce-eager"]}""" },
        { "runtimeArguments", """{"name":"chat","model":"org/model","runtime":"vllm","runtimeArguments":["--host=0.0.0.0"]}""" },
        { "runtimeArguments", """{"name":"chat","model":"org/model","runtime":"vllm","runtimeArguments":["--seed=1 --host=0.0.0.0"]}""" },
        { "runtimeArguments", """{"name":"chat","model":"org/model","runtime":"vllm","runtimeArguments":"--enforce-eager"}""" },
        { "sampling.temperature", """{"name":"chat","model":"org/model","sampling":{"temperature":2.1}}""" },
        { "sampling.topP", """{"name":"chat","model":"org/model","sampling":{"topP":"high"}}""" },
        { "sampling.topK", """{"name":"chat","model":"org/model","sampling":{"topK":0}}""" },
        { "hardware", """{"name":"chat","model":"org/model","hardware":"g99.xlarge"}""" },
        { "hardware", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","runtime":"vllm"}""" },
        { "runtime", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","runtime":"magic"}""" },
        { "scaling", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":3}""" },
        { "scaling.min", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"min":-1}}""" },
        { "scaling.min", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"min":3,"max":2}}""" },
        { "scaling.max", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"max":1000000000000}}""" },
        { "scaling.max", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"max":0}}""" },
        { "scaling.max", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"max":1.5}}""" },
        { "scaling.idleSeconds", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"idleSeconds":-300}}""" },
        { "scaling.concurrency", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"concurrency":0}}""" },
        { "scaling.requestsPerMinute", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"requestsPerMinute":0}}""" },
        { "scaling.tuning", """{"name":"chat","model":"org/model","scaling":{"tuning":0.5}}""" },
        { "scaling.tuning.utilisation", """{"name":"chat","model":"org/model","scaling":{"tuning":{"utilisation":0.09}}}""" },
        { "scaling.tuning.utilisation", """{"name":"chat","model":"org/model","scaling":{"tuning":{"utilisation":1.01}}}""" },
        { "scaling.tuning.utilisation", """{"name":"chat","model":"org/model","scaling":{"tuning":{"utilisation":"half"}}}""" },
        { "scaling.tuning.windowSeconds", """{"name":"chat","model":"org/model","scaling":{"tuning":{"windowSeconds":1}}}""" },
        { "scaling.tuning.windowSeconds", """{"name":"chat","model":"org/model","scaling":{"tuning":{"windowSeconds":301}}}""" },
        { "scaling.tuning.windowSeconds", """{"name":"chat","model":"org/model","scaling":{"tuning":{"windowSeconds":2.5}}}""" },
        { "scaling.tuning.stabilisationSeconds", """{"name":"chat","model":"org/model","scaling":{"tuning":{"stabilisationSeconds":0}}}""" },
        { "scaling.tuning.stabilisationSeconds", """{"name":"chat","model":"org/model","scaling":{"tuning":{"stabilisationSeconds":3601}}}""" },
        { "scaling.tuning.panicAt", """{"name":"chat","model":"org/model","scaling":{"tuning":{"panicAt":1.09}}}""" },
        { "scaling.tuning.panicAt", """{"name":"chat","model":"org/model","scaling":{"tuning":{"panicAt":100.5}}}""" },
        { "scaling.tuning.upRate", """{"name":"chat","model":"org/model","scaling":{"tuning":{"upRate":1}}}""" },
        { "scaling.tuning.upRate", """{"name":"chat","model":"org/model","scaling":{"tuning":{"upRate":1001}}}""" },
        { "scaling.tuning.downRate", """{"name":"chat","model":"org/model","scaling":{"tuning":{"downRate":0.5}}}""" },
        { "scaling.tuning.downRate", """{"name":"chat","model":"org/model","scaling":{"tuning":{"downRate":1e9}}}""" },
        { "scaling.tuning.window", """{"name":"chat","model":"org/model","scaling":{"tuning":{"window":30}}}""" },
        { "holdSeconds", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","holdSeconds":100000}""" },
        { "access", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","access":"anyone"}""" },
        { "telemetry", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","telemetry":"yes"}""" },
        { "replicas", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","replicas":1}""" },
        { "limits", """{"name":"chat","model":"org/model","limits":60}""" },
        { "limits.requestsPerMinute", """{"name":"chat","model":"org/model","limits":{"requestsPerMinute":0}}""" },
        { "limits.requestsPerMinute", """{"name":"chat","model":"org/model","limits":{"requestsPerMinute":1000001}}""" },
        { "limits.concurrent", """{"name":"chat","model":"org/model","limits":{"concurrent":100001}}""" },
        { "limits.concurrent", """{"name":"chat","model":"org/model","limits":{"concurrent":"many"}}""" },
        { "limits.perAddress", """{"name":"chat","model":"org/model","limits":{"perAddress":[]}}""" },
        { "limits.perAddress.concurrent", """{"name":"chat","model":"org/model","limits":{"perAddress":{"concurrent":0}}}""" },
        { "limits.perAddress.rpm", """{"name":"chat","model":"org/model","limits":{"perAddress":{"rpm":1}}}""" },
        { "limits.concurrent", """{"name":"chat","model":"org/model","limits.concurrent":1}""" },
        { "scaling", """{"name":"chat","model":"org/model","scaling":null}""" },
        { "scaling.minimum", """{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"minimum":1}}""" },
    };

    [Theory, MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_of_a_creation_is_named_by_its_path(string path, string body)
    {
        var problem = await PostAsync(Json(body), HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal([path], problem["errors"]!.AsObject().Select(e => e.Key));
    }

    [Theory]
    [InlineData("1.5", "must be a whole number"), InlineData("1e1", "must be a whole number"), InlineData("\"2\"", "must be a whole number")]
    [InlineData("65", "must lie between 1 and 64, not be 65"), InlineData("99999999999999999999", "must lie between 1 and 64, not be 99999999999999999999")]
    public async Task A_number_that_is_too_large_is_told_from_one_that_is_not_whole(string max, string message)
    {
        var problem = await PostAsync(Json($$$"""{"name":"chat","model":"org/model","scaling":{"max":{{{max}}}}}"""), HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal(message, (string?)problem["errors"]!["scaling.max"]![0]);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var problem = await PostAsync(
            Json("""{"model":"","hardware":"g99","scaling":{"min":-1,"max":0,"mux":1},"telemetry":1,"nmae":"chat"}"""), HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal(["hardware", "model", "name", "nmae", "scaling.max", "scaling.min", "scaling.mux", "telemetry"], problem["errors"]!.AsObject().Select(e => e.Key).Order());
    }

    [Fact]
    public Task A_body_that_is_no_json_is_malformed() => PostAsync(Json("{\"name\":"), HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task A_body_that_is_no_object_is_malformed() => PostAsync(Json("[1,2]"), HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task Half_a_surrogate_pair_is_malformed() => PostAsync(Json("{\"name\":\"a\\ud800b\",\"model\":\"org/model\",\"hardware\":\"g5.xlarge\"}"), HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task Half_a_surrogate_pair_in_a_fields_name_is_malformed() => PostAsync(Json("{\"\\udc00\":1}"), HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task Bytes_that_are_no_UTF8_are_malformed() => PostAsync(
        new ByteArrayContent([.. "{\"name\":\""u8, 0xff, .. "\"}"u8]) { Headers = { ContentType = new("application/json") } }, HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task A_compressed_body_is_not_read() => PostAsync(
        new StringContent(Good, Encoding.UTF8, "application/json") { Headers = { ContentEncoding = { "gzip" } } }, HttpStatusCode.UnsupportedMediaType, "content_type");

    [Fact]
    public Task A_body_in_another_charset_is_not_read() =>
        PostAsync(new StringContent(Good, Encoding.Unicode, "application/json"), HttpStatusCode.UnsupportedMediaType, "content_type");

    [Fact]
    public async Task A_NUL_is_refused_wherever_it_stands()
    {
        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        foreach (var path in (string[])["/v1/keys", "/v1/accounts"])
            await IsAsync(await @operator.PostAsync(path, Json("{\"name\":\"a\\u0000b\"}")), HttpStatusCode.UnprocessableEntity, "invalid_request");
        foreach (var query in (string[])["name=%00", "model=%00", "account=%00", "cursor=%00"])
            await IsAsync(await @operator.GetAsync($"/v1/endpoints?{query}"), HttpStatusCode.BadRequest, "bad_request");
    }

    [Theory]
    [InlineData("\\u202Eevil", false)]
    [InlineData("a\\nb", false)]
    [InlineData(" ", false)]
    [InlineData("Zoë's laptop (work) 💻", true)]
    public async Task A_key_s_name_can_t_pose_as_another(string name, bool isTaken)
    {
        using var owner = installation.As(Keys.Bootstrap.OperatorAccount, KeyScope.Global);
        using var answer = await owner.PostAsync("/v1/keys", Json($$"""{"name":"{{name}}"}"""));
        Assert.Equal(isTaken ? HttpStatusCode.Created : HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Fact]
    public Task An_empty_body_is_malformed() => PostAsync(Json(""), HttpStatusCode.BadRequest, "malformed_json");

    [Fact]
    public Task A_body_of_another_type_is_not_read() =>
        PostAsync(new StringContent(Good, Encoding.UTF8, "text/plain"), HttpStatusCode.UnsupportedMediaType, "content_type");

    [Fact]
    public Task A_body_over_size_is_not_read() =>
        PostAsync(Json($$"""{"name":"{{new string('n', 70_000)}}"}"""), HttpStatusCode.RequestEntityTooLarge, "body_too_large");

    [Fact]
    public async Task Without_an_identity_nothing_is_answered()
    {
        using var nobody = installation.AsNobody();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/endpoints")).StatusCode);
        nobody.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "not.a.token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/endpoints")).StatusCode);
    }

    [Theory]
    [InlineData("/v1/endpoints", KeyScope.Inference)]
    [InlineData("/v1/keys", KeyScope.Manage)]
    [InlineData("/v1/accounts", KeyScope.Global)]
    [InlineData("/v1/operations/endpoints/errors", KeyScope.Global)]
    public async Task A_key_without_the_scope_is_refused(string path, KeyScope scope)
    {
        using var client = installation.As(Installation.Account, scope);
        await IsAsync(await client.GetAsync(path), HttpStatusCode.Forbidden, "scope_missing");
    }

    [Fact]
    public async Task Another_accounts_endpoint_is_not_there()
    {
        var id = await installation.CreateAsync();
        using var stranger = installation.As("acct-ffffffffffff");
        await IsAsync(await stranger.GetAsync($"/v1/endpoints/{id}"), HttpStatusCode.NotFound, "endpoint_not_found");
        await IsAsync(await stranger.GetAsync($"/v1/endpoints/{id}/events"), HttpStatusCode.NotFound, "endpoint_not_found");
        await IsAsync(await stranger.DeleteAsync($"/v1/endpoints/{id}"), HttpStatusCode.NotFound, "endpoint_not_found");
        await IsAsync(await stranger.PatchAsJsonAsync($"/v1/endpoints/{id}", new { name = "mine" }), HttpStatusCode.NotFound, "endpoint_not_found");
        foreach (var verb in (string[])["wake", "hibernate", "disable", "enable"])
            await IsAsync(await stranger.PostAsync($"/v1/endpoints/{id}/{verb}", null), HttpStatusCode.NotFound, "endpoint_not_found");
    }

    [Fact]
    public async Task What_is_no_id_is_not_there()
    {
        using var owner = installation.As();
        await IsAsync(await owner.GetAsync("/v1/endpoints/endpt-000000000000"), HttpStatusCode.NotFound, "endpoint_not_found");
        await IsAsync(await owner.PostAsync("/v1/endpoints/anything/wake", null), HttpStatusCode.NotFound, "endpoint_not_found");
        // An account's stream is no endpoint's.
        await IsAsync(await owner.GetAsync($"/v1/endpoints/{Keys.Bootstrap.OperatorAccount}"), HttpStatusCode.NotFound, "endpoint_not_found");
        await IsAsync(await owner.GetAsync($"/v1/endpoints/{Keys.Bootstrap.OperatorAccount}/events"), HttpStatusCode.NotFound, "endpoint_not_found");
    }

    [Fact]
    public async Task A_deleted_endpoint_takes_no_more_commands()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        Assert.Equal(HttpStatusCode.Accepted, (await owner.DeleteAsync($"/v1/endpoints/{id}")).StatusCode);
        await IsAsync(await owner.GetAsync($"/v1/endpoints/{id}"), HttpStatusCode.Gone, "endpoint_deleted");
        await IsAsync(await owner.PostAsync($"/v1/endpoints/{id}/enable", null), HttpStatusCode.Gone, "endpoint_deleted");
        Assert.Equal(HttpStatusCode.Accepted, (await owner.DeleteAsync($"/v1/endpoints/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync($"/v1/endpoints/{id}/events")).StatusCode);
    }

    [Fact]
    public async Task A_stale_ETag_changes_nothing()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        var before = (await owner.GetAsync($"/v1/endpoints/{id}")).Headers.ETag!;
        (await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { name = "first" })).EnsureSuccessStatusCode();

        using var stale = new HttpRequestMessage(HttpMethod.Patch, $"/v1/endpoints/{id}") { Content = JsonContent.Create(new { name = "second" }), Headers = { IfMatch = { before } } };
        await IsAsync(await owner.SendAsync(stale), HttpStatusCode.PreconditionFailed, "stale_version");
        Assert.Equal("first", (string?)(await owner.GetFromJsonAsync<JsonObject>($"/v1/endpoints/{id}"))!["name"]);
    }

    [Theory]
    [InlineData("status=asleep", 422, "invalid_request"), InlineData("limit=0", 422, "invalid_request"), InlineData("limit=100000", 422, "invalid_request")]
    [InlineData("cursor=%25%25", 422, "invalid_request"), InlineData("limit=many", 400, "bad_request")]
    public async Task A_wrong_query_is_refused(string query, int status, string code)
    {
        using var owner = installation.As();
        await IsAsync(await owner.GetAsync($"/v1/endpoints?{query}"), (HttpStatusCode)status, code);
    }

    [Fact]
    public async Task What_is_no_route_says_so_in_the_same_words()
    {
        using var owner = installation.As();
        await IsAsync(await owner.GetAsync("/v1/nothing"), HttpStatusCode.NotFound, "not_found");
        await IsAsync(await owner.PutAsync("/v1/endpoints", Json("{}")), HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Fact]
    public async Task A_refusal_by_the_present_state_names_its_field()
    {
        var id = await installation.CreateAsync(max: 3);
        using var owner = installation.As();
        var problem = await IsAsync(await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { scaling = new { min = 4 } }), HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal(["scaling.min"], problem["errors"]!.AsObject().Select(e => e.Key));
    }

    [Fact]
    public async Task A_change_of_what_it_is_made_of_is_refused()
    {
        var id = await installation.CreateAsync();
        using var owner = installation.As();
        using var answer = await owner.PatchAsJsonAsync($"/v1/endpoints/{id}", new { model = "org/other", hardware = "g5.2xlarge", runtime = "vllm" });
        var problem = await IsAsync(answer, HttpStatusCode.UnprocessableEntity, "invalid_request");
        Assert.Equal(["hardware", "model", "runtime"], problem["errors"]!.AsObject().Select(e => e.Key).Order());
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<JsonObject> PostAsync(HttpContent body, HttpStatusCode status, string code)
    {
        using var owner = installation.As();
        return await IsAsync(await owner.PostAsync("/v1/endpoints", body), status, code);
    }

    private static async Task<JsonObject> IsAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(code, (string?)problem["code"]);
        Assert.NotEmpty((string?)problem["detail"] ?? "");
        return problem;
    }
}
