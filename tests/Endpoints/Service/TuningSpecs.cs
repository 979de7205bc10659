using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>An endpoint's own tuning of the scaling policy, as owners set it and the autoscaler learns of it.</summary>
[Collection(OneInstallation.Name)]
public sealed class TuningSpecs(Installation installation)
{
    private const string All = """{"utilisation":0.55,"windowSeconds":60,"stabilisationSeconds":120,"panicAt":1.1,"upRate":4,"downRate":1.5}""";

    [Fact]
    public async Task An_endpoint_is_created_with_a_tuning_that_it_shows_and_the_autoscaler_hears_of()
    {
        using var owner = installation.As();
        using var answer = await owner.PostAsync("/v1/endpoints", Json($$"""{"name":"chat","model":"org/model","hardware":"g5.xlarge","scaling":{"tuning": {{All}} } }"""));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var created = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal(All, Tuning(created));
        var heard = await installation.HeardAsync((string)created["id"]!, EndpointStatus.Building);
        Assert.Equal(new ScalingTuning(0.55, 60, 120, 1.1, 4, 1.5), heard.Settings.Scaling.Tuning);
    }

    [Theory]
    [InlineData("null", null), InlineData("{}", null), InlineData("""{"utilisation":null,"windowSeconds":null}""", null)]
    [InlineData("""{"utilisation":0.1,"windowSeconds":2,"stabilisationSeconds":1,"panicAt":1.1,"upRate":1.1,"downRate":1.1}""", """{"utilisation":0.1,"windowSeconds":2,"stabilisationSeconds":1,"panicAt":1.1,"upRate":1.1,"downRate":1.1}""")]
    [InlineData("""{"utilisation":1,"windowSeconds":300,"stabilisationSeconds":3600,"panicAt":100,"upRate":1000,"downRate":1000}""", """{"utilisation":1,"windowSeconds":300,"stabilisationSeconds":3600,"panicAt":100,"upRate":1000,"downRate":1000}""")]
    [InlineData("""{"windowSeconds":90}""", """{"windowSeconds":90}""")]
    public async Task A_change_replaces_a_tuning_as_a_whole(string tuning, string? after)
    {
        var path = await TunedAsync();
        var changed = await ChangeAsync(path, $$"""{"scaling":{"tuning": {{tuning}} } }""");
        Assert.Equal(after, Tuning(changed));
        Assert.Equal((long)changed["version"]!, (long)(await ChangeAsync(path, $$"""{"scaling":{"tuning": {{tuning}} } }"""))["version"]!);
    }

    [Fact]
    public async Task A_change_of_something_else_leaves_it() => Assert.Equal(All, Tuning(await ChangeAsync(await TunedAsync(), """{"scaling":{"max":2}}""")));

    [Fact]
    public async Task All_that_is_wrong_with_a_tuning_is_said_at_once()
    {
        using var owner = installation.As();
        using var answer = await owner.PatchAsync($"/v1/endpoints/{await installation.CreateAsync()}", Json("""{"scaling":{"tuning":{"utilisation":2,"windowSeconds":0,"panic":3}}}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["errors"]!.AsObject();
        Assert.Equal(["scaling.tuning.panic", "scaling.tuning.utilisation", "scaling.tuning.windowSeconds"], errors.Select(e => e.Key).Order());
    }

    [Theory, InlineData("/v1/endpoints", "post"), InlineData("/v1/endpoints/{id}", "patch")]
    public async Task The_document_says_what_a_tuning_holds_and_that_it_may_be_null(string path, string method)
    {
        using var nobody = installation.AsNobody();
        var document = (await nobody.GetFromJsonAsync<JsonObject>("/openapi/v1.json"))!;
        var tuning = document["paths"]![path]![method]!["requestBody"]!["content"]!["application/json"]!["schema"]!["properties"]!["scaling"]!["properties"]!["tuning"]!;
        var members = tuning["properties"]!.AsObject();
        Assert.Equal(["utilisation", "windowSeconds", "stabilisationSeconds", "panicAt", "upRate", "downRate"], members.Select(m => m.Key));
        Assert.All(members.Select(m => m.Value!).Append(tuning), value => Assert.Contains("null", value["type"]!.AsArray().Select(t => (string)t!)));
        Assert.Equal((0.1, 1.0), ((double)members["utilisation"]!["minimum"]!, (double)members["utilisation"]!["maximum"]!));
    }

    private async Task<string> TunedAsync()
    {
        var path = $"/v1/endpoints/{await installation.CreateAsync()}";
        await ChangeAsync(path, $$"""{"scaling":{"tuning": {{All}} } }""");
        return path;
    }

    private async Task<JsonObject> ChangeAsync(string path, string change)
    {
        using var owner = installation.As();
        using var answer = await owner.PatchAsync(path, Json(change));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
    }

    private static string? Tuning(JsonNode resource) => resource["scaling"]!["tuning"]?.ToJsonString();

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");
}
