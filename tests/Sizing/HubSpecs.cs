using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Sizing.Tests;

/// <summary>How the Hub is asked, and what becomes of its refusals and its bad days.</summary>
public sealed class HubSpecs : IAsyncLifetime, IDisposable
{
    private const string Known = "Qwen/Qwen2.5-7B-Instruct", Gated = "meta-llama/Llama-3.1-8B-Instruct";
    private readonly HubFixture _fixture = new();

    public Task InitializeAsync() => _fixture.InitializeAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("nobody/nothing-7B", null, ModelProblem.NotFound)]
    [InlineData("nobody/nothing-7B", HubStandIn.Token, ModelProblem.NotFound)]
    [InlineData(Known, "hf_madeup", ModelProblem.TokenInvalid)]
    [InlineData($"{Known}@v9", null, ModelProblem.RevisionNotFound)]
    [InlineData(Gated, HubStandIn.TokenWithoutAccess, ModelProblem.Gated)]
    [InlineData("not a name", null, ModelProblem.NotFound)]
    [InlineData("../../etc/passwd", null, ModelProblem.NotFound)]
    public async Task A_refusal_has_a_code_and_says_what_to_do(string model, string? token, ModelProblem problem)
    {
        var refusal = await _fixture.RefusedAsync(model, token);
        Assert.Equal(problem, refusal.Problem);
        Assert.EndsWith(".", refusal.Message);
    }

    [Fact]
    public async Task A_gated_model_is_exact_for_who_has_access()
    {
        var it = await _fixture.AnalyseAsync(Gated, HubStandIn.Token);
        Assert.Equal((131_072L, false), (it.KvBytesPerToken, it.IsEstimate));
    }

    [Fact]
    public async Task A_gated_model_is_estimated_for_who_shows_no_token()
    {
        var it = await _fixture.AnalyseAsync(Gated);
        Assert.True(it.IsEstimate);
        Assert.Equal(16_060_522_496, it.WeightBytes); // The Hub tells everyone how many parameters there are.
        Assert.Contains(it.Notes, n => n.Contains("gated"));
    }

    [Fact]
    public async Task A_model_that_is_no_text_model_is_refused_by_its_task()
    {
        Change(Known, info => info["pipeline_tag"] = "text-to-image");
        var refusal = await _fixture.RefusedAsync(Known);
        Assert.Equal(ModelProblem.Unsupported, refusal.Problem);
        Assert.Contains("text-to-image", refusal.Message);
    }

    [Fact]
    public async Task A_disabled_model_is_refused()
    {
        Change(Known, info => info["disabled"] = true);
        Assert.Equal(ModelProblem.Disabled, (await _fixture.RefusedAsync(Known)).Problem);
    }

    [Fact]
    public async Task When_the_Hub_is_down_the_name_must_do_and_a_margin_is_added()
    {
        var answer = await _fixture.Reader(url: new("http://127.0.0.1:9/")).AnalyseAsync(Known, null, null, CancellationToken.None);
        Assert.Equal((true, 7_000_000_000L, 14_000_000_000L), (answer.Value!.IsEstimate, answer.Value.Parameters, answer.Value.WeightBytes));
        Assert.True(answer.Value.Margin > 0);
    }

    [Fact]
    public async Task When_the_Hub_is_down_and_the_name_tells_nothing_it_is_refused()
    {
        var answer = await _fixture.Reader(url: new("http://127.0.0.1:9/")).AnalyseAsync("BAAI/bge-small-en", null, null, CancellationToken.None);
        Assert.Equal(ModelProblem.Unreachable, answer.Refusal!.Problem);
    }

    [Fact]
    public async Task A_failure_that_passes_is_not_noticed()
    {
        var failures = 2;
        _fixture.Hub.Interfere = async http =>
        {
            if (Interlocked.Decrement(ref failures) < 0) return false;
            await HubStandIn.RefuseAsync(http, 503, null, "Service Unavailable");
            return true;
        };
        Assert.False((await _fixture.AnalyseAsync(Known)).IsEstimate);
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again()
    {
        var truncated = 1;
        _fixture.Hub.Interfere = async http =>
        {
            if (Interlocked.Decrement(ref truncated) < 0) return false;
            http.Response.ContentLength = 10_000;
            await http.Response.WriteAsync("{\"id\": ");
            http.Abort();
            return true;
        };
        Assert.False((await _fixture.AnalyseAsync(Known)).IsEstimate);
    }

    [Fact]
    public async Task The_Hubs_own_rate_limit_says_how_long_to_wait()
    {
        var limited = 1;
        _fixture.Hub.Interfere = async http =>
        {
            if (Interlocked.Decrement(ref limited) < 0) return false;
            http.Response.Headers["ratelimit"] = "\"api\";r=0;t=3";
            await HubStandIn.RefuseAsync(http, 429, null, "We had to rate limit you.");
            return true;
        };
        var time = new FakeTimeProvider();
        var reading = _fixture.Reader(time).AnalyseAsync(Known, null, null, CancellationToken.None);
        var began = time.GetUtcNow();
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return reading.IsCompleted;
        }, "the model to be read");
        Assert.True(time.GetUtcNow() - began >= TimeSpan.FromSeconds(3));
        Assert.False((await reading).Value!.IsEstimate);
    }

    [Fact]
    public async Task A_long_rate_limit_is_not_waited_for()
    {
        _fixture.Hub.Interfere = async http =>
        {
            http.Response.Headers["ratelimit"] = "\"api\";r=0;t=280";
            await HubStandIn.RefuseAsync(http, 429, null, "We had to rate limit you.");
            return true;
        };
        var answer = await _fixture.Reader().AnalyseAsync("BAAI/bge-small-en-v1.5", null, null, CancellationToken.None);
        Assert.Equal(ModelProblem.RateLimited, answer.Refusal!.Problem);
        Assert.Single(_fixture.Hub.Requests);
    }

    [Fact]
    public async Task A_token_goes_to_the_Hub_and_not_where_it_redirects_to()
    {
        await using var elsewhere = await HubStandIn.StartAsync();
        _fixture.Hub.Interfere = http =>
        {
            if (!http.Request.Path.Value!.Contains("/resolve/")) return Task.FromResult(false);
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = new Uri(elsewhere.Url, http.Request.Path).ToString();
            return Task.FromResult(true);
        };
        elsewhere.Models[Gated].Info["gated"] = false; // Where files are stored, an address is all that it takes.
        await _fixture.AnalyseAsync(Gated, HubStandIn.Token);
        Assert.All(_fixture.Hub.Requests, r => Assert.Equal(HubStandIn.Token, r.Token));
        Assert.All(elsewhere.Requests, r => Assert.Null(r.Token));
        Assert.NotEmpty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_renamed_model_is_followed_with_the_token()
    {
        _fixture.Hub.Interfere = http =>
        {
            if (!http.Request.Path.Value!.Contains("/old/")) return Task.FromResult(false);
            http.Response.StatusCode = 307;
            http.Response.Headers.Location = http.Request.Path.Value.Replace("/old/name-8B", "/" + Gated) + http.Request.QueryString;
            return Task.FromResult(true);
        };
        Assert.False((await _fixture.AnalyseAsync("old/name-8B", HubStandIn.Token)).IsEstimate);
    }

    [Fact]
    public async Task What_a_revision_holds_is_read_once_and_access_to_it_is_asked_each_time()
    {
        var reader = _fixture.Reader();
        for (var i = 0; i < 3; i++) await reader.AnalyseAsync(Gated, HubStandIn.Token, null, CancellationToken.None);
        Assert.Equal(1, _fixture.Hub.Requests.Count(r => r.Path.EndsWith("config.json")));
        Assert.Equal(3, _fixture.Hub.Requests.Count(r => r.Path.EndsWith("auth-check")));
        var denied = await reader.AnalyseAsync(Gated, HubStandIn.TokenWithoutAccess, null, CancellationToken.None);
        Assert.Equal(ModelProblem.Gated, denied.Refusal!.Problem);
    }

    [Fact]
    public async Task A_Hub_that_knows_no_access_probe_is_read_by_what_it_gives()
    {
        _fixture.Hub.Interfere = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("/auth-check", StringComparison.Ordinal)) return false;
            await HubStandIn.RefuseAsync(http, 404, null, "Not Found");
            return true;
        };
        Assert.False((await _fixture.AnalyseAsync("meta-llama/Llama-3.1-8B-Instruct", HubStandIn.Token)).IsEstimate);
        Assert.True((await _fixture.AnalyseAsync("meta-llama/Llama-3.1-8B-Instruct")).IsClosed);
    }

    [Fact]
    public async Task An_adapter_is_sized_with_its_base()
    {
        var adapter = new HubModel(
            new() { ["id"] = "me/adapter", ["sha"] = new string('a', 40), ["gated"] = false, ["siblings"] = System.Text.Json.Nodes.JsonNode.Parse("""[{"rfilename": "adapter_config.json", "size": 500}, {"rfilename": "adapter_model.safetensors", "size": 40000000}]""") },
            new() { ["adapter_config.json"] = """{"base_model_name_or_path": "Qwen/Qwen2.5-7B-Instruct", "r": 16, "peft_type": "LORA"}"""u8.ToArray() }, []);
        _fixture.Hub.Models["me/adapter"] = adapter;
        var it = await _fixture.AnalyseAsync("me/adapter");
        Assert.Equal(("me/adapter", 15_231_233_024L, new AdapterFacts("me/adapter", adapter.Revision, Known, 16, 40_000_000)), (it.Model, it.WeightBytes, it.Adapter));
    }

    private void Change(string model, Action<System.Text.Json.Nodes.JsonObject> change)
    {
        var it = _fixture.Hub.Models[model];
        var info = it.Info.DeepClone().AsObject();
        change(info);
        _fixture.Hub.Models[model] = it with { Info = info };
    }
}
