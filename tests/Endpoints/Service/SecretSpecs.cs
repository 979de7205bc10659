using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>Tokens for gated models: checked before anything is built, kept encrypted, given to nodes alone, destroyed with the endpoint.</summary>
[Collection(OneInstallation.Name)]
public sealed class SecretSpecs(Installation installation)
{
    private const string Gated = "meta-llama/Llama-3.1-8B-Instruct";

    [Fact]
    public async Task A_token_with_access_opens_a_gated_model_and_is_kept_for_its_nodes()
    {
        using var owner = installation.As();
        var id = await CreatedAsync(owner, new { name = "gated", model = Gated, huggingFaceToken = HubStandIn.Token });
        Assert.Equal(HubStandIn.Token, await TokenAsync(id));
        Assert.Null(await installation.FindInDatabaseAsync(HubStandIn.Token));
        Assert.NotNull(await installation.FindInDatabaseAsync("MasterKeyDecryptor")); // The key ring, under the master key,
        Assert.Null(await installation.FindInDatabaseAsync("requiresEncryption")); // and not as the framework would write it in plain.
        Assert.DoesNotContain(installation.Output, line => line.Contains(HubStandIn.Token));

        (await owner.DeleteAsync($"/v1/endpoints/{id}")).EnsureSuccessStatusCode();
        Assert.Null(await TokenAsync(id));
    }

    [Theory]
    [InlineData(HubStandIn.TokenWithoutAccess, "model_gated")]
    [InlineData("hf_madeup", "hub_token_invalid")]
    [InlineData(null, "model_gated")]
    public async Task A_token_without_access_is_refused_and_not_kept(string? token, string code)
    {
        using var owner = installation.As();
        using var answer = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "gated", model = Gated, huggingFaceToken = token }, Json.Options);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.UnprocessableEntity, code), (answer.StatusCode, (string)JsonNode.Parse(text)!["code"]!));
        if (token is not null) Assert.DoesNotContain(token, text);
    }

    [Fact]
    public async Task A_quote_that_was_made_with_a_token_is_no_access_without_one()
    {
        using var owner = installation.As();
        using var quoted = await owner.PostAsJsonAsync("/v1/quotes", new { model = Gated, huggingFaceToken = HubStandIn.Token });
        var quote = (string)(await quoted.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
        using var refused = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "gated", quote });
        Assert.Equal("model_gated", (string)(await refused.Content.ReadFromJsonAsync<JsonNode>())!["code"]!);
        await CreatedAsync(owner, new { name = "gated", quote, huggingFaceToken = HubStandIn.Token });
    }

    [Fact]
    public async Task A_quote_of_a_private_model_is_no_access_to_it()
    {
        installation.Hub.Add("me/private-7B", like: "Qwen/Qwen2.5-7B-Instruct", info => info["private"] = true);
        using var owner = installation.As();
        using var quoted = await owner.PostAsJsonAsync("/v1/quotes", new { model = "me/private-7B", huggingFaceToken = HubStandIn.Token });
        var quote = (string)(await quoted.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
        using var refused = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "private", quote });
        Assert.Equal("model_not_found", (string)(await refused.Content.ReadFromJsonAsync<JsonNode>())!["code"]!);
    }

    [Fact]
    public async Task Who_is_refused_replaces_no_ones_token()
    {
        using var owner = installation.As();
        owner.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        installation.Hub.Interfere = async http =>
        {
            if (!http.Request.Headers.Authorization.ToString().Contains(HubStandIn.TokenWithoutAccess, StringComparison.Ordinal)) return false;
            asked.TrySetResult();
            await go.Task;
            return false;
        };
        var late = owner.PostAsJsonAsync("/v1/endpoints", new { name = "late", model = "Qwen/Qwen2.5-0.5B-Instruct", huggingFaceToken = HubStandIn.TokenWithoutAccess });
        await asked.Task;
        var id = await CreatedAsync(owner, new { name = "first", model = "Qwen/Qwen2.5-0.5B-Instruct", huggingFaceToken = HubStandIn.Token });
        go.SetResult();
        installation.Hub.Interfere = _ => Task.FromResult(false);
        using var refused = await late;
        Assert.Equal("idempotency_key_reused", (string)(await refused.Content.ReadFromJsonAsync<JsonNode>())!["code"]!);
        Assert.Equal(HubStandIn.Token, await TokenAsync(id));
    }

    [Fact]
    public async Task While_the_Hub_does_not_confirm_access_nobody_has_any()
    {
        using var owner = installation.As();
        using var quoted = await owner.PostAsJsonAsync("/v1/quotes", new { model = Gated, huggingFaceToken = HubStandIn.Token });
        Assert.Equal(HttpStatusCode.Created, quoted.StatusCode);
        installation.Hub.Interfere = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("/auth-check", StringComparison.Ordinal)) return false;
            await HubStandIn.RefuseAsync(http, 500, null, "Internal Error");
            return true;
        };
        using var refused = await owner.PostAsJsonAsync("/v1/endpoints", new { name = "gated", model = Gated, runtime = "vllm", huggingFaceToken = HubStandIn.TokenWithoutAccess });
        installation.Hub.Interfere = _ => Task.FromResult(false);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "hub_unreachable"), (refused.StatusCode, (string)(await refused.Content.ReadFromJsonAsync<JsonNode>())!["code"]!));
    }

    [Fact]
    public async Task A_secret_that_was_moved_to_another_endpoint_can_not_be_read()
    {
        using var owner = installation.As();
        var (mine, other) = (await CreatedAsync(owner, new { name = "mine", model = Gated, huggingFaceToken = HubStandIn.Token }), await installation.CreateAsync());
        await installation.MoveSecretsAsync(mine, other);
        using var provisioner = installation.AsService("provisioner");
        Assert.Equal(HttpStatusCode.InternalServerError, (await provisioner.GetAsync($"/internal/endpoints/{other}/secrets")).StatusCode);
    }

    [Fact]
    public async Task Secrets_are_for_services_alone()
    {
        using var owner = installation.As(Installation.Account, KeyScope.Operator);
        Assert.Equal(HttpStatusCode.Forbidden, (await owner.GetAsync("/internal/endpoints/endpt-000000000000/secrets")).StatusCode);
    }

    private async Task<string?> TokenAsync(string id)
    {
        using var provisioner = installation.AsService("provisioner");
        return (await provisioner.GetFromJsonAsync<NodeSecrets>($"/internal/endpoints/{id}/secrets", Json.Options))!.HuggingFaceToken;
    }

    private static async Task<string> CreatedAsync(HttpClient owner, object body)
    {
        using var answer = await owner.PostAsJsonAsync("/v1/endpoints", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, text);
        Assert.DoesNotContain(HubStandIn.Token, text);
        return (string)JsonNode.Parse(text)!["id"]!;
    }
}
