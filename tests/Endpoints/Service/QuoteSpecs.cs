using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Contracts;

namespace Hypervize.Endpoints.Tests.Service;

/// <summary>Quotes, and endpoints that are created by them, or refused because of their model.</summary>
[Collection(OneInstallation.Name)]
public sealed class QuoteSpecs(Installation installation)
{
    [Fact]
    public async Task A_quote_can_be_read_again_by_its_account_alone()
    {
        using var owner = installation.As();
        var quote = await QuoteAsync(owner, new { model = "Qwen/Qwen2.5-7B-Instruct" });
        var id = (string)quote["id"]!;
        Assert.Equal(("g6.xlarge", 15_231_233_024, false), ((string)quote["chosen"]!, (long)quote["weightBytes"]!, (bool)quote["estimate"]!));
        Assert.True(JsonNode.DeepEquals(quote, await owner.GetFromJsonAsync<JsonNode>($"/v1/quotes/{id}")));

        using var stranger = installation.As("acct-ffffffffffff");
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/v1/quotes/{id}")).StatusCode);
    }

    [Fact]
    public async Task An_endpoint_takes_over_what_its_quote_says()
    {
        using var owner = installation.As();
        var quote = await QuoteAsync(owner, new { model = "Qwen/Qwen2.5-7B-Instruct", context = 4096, hardware = "g5.2xlarge", telemetry = true });
        var created = await CreatedAsync(owner, new { name = "quoted", quote = (string)quote["id"]!, telemetry = true });
        Assert.Equal(("Qwen/Qwen2.5-7B-Instruct", "g5.2xlarge", 4096, (string)quote["id"]!, (string)quote["revision"]!),
            ((string)created["model"]!, (string)created["hardware"]!, (int)created["context"]!, (string)created["quote"]!, (string)created["revision"]!));

        var id = (string)created["id"]!;
        await installation.ReportAsync(id, An.Requested("node-a"));
        await installation.ReportAsync(id, An.BecameReady("node-a"));
        await installation.HeardAsync(id, EndpointStatus.Up);
        var ready = installation.Heard.Where(m => m.EndpointId == id).Select(m => m.Fact).OfType<NodeReady>().Single();
        Assert.Equal((1.212m, new AddOn("telemetry", 0.15m)), (ready.PricePerHour, ready.AddOns.Single()));
    }

    [Fact]
    public async Task A_quote_that_ran_out_is_refused()
    {
        using var owner = installation.As();
        var id = (string)(await QuoteAsync(owner, new { model = "Qwen/Qwen2.5-7B-Instruct" }))["id"]!;
        await installation.ExpireAsync(id);
        await RefusedAsync(owner, new { name = "late", quote = id }, 422, "quote_expired");
    }

    [Fact]
    public async Task A_quote_of_another_account_is_none()
    {
        using var owner = installation.As();
        var id = (string)(await QuoteAsync(owner, new { model = "Qwen/Qwen2.5-7B-Instruct" }))["id"]!;
        using var stranger = installation.As("acct-ffffffffffff");
        await RefusedAsync(stranger, new { name = "theirs", quote = id }, 422, "quote_not_found");
    }

    [Fact]
    public async Task Without_hardware_the_cheapest_that_fits_is_taken()
    {
        using var owner = installation.As();
        Assert.Equal("g6.xlarge", (string)(await CreatedAsync(owner, new { name = "any", model = "Qwen/Qwen2.5-7B-Instruct" }))["hardware"]!);
    }

    [Theory]
    [InlineData("nobody/nothing-7B", "g5.xlarge", 422, "model_not_found")]
    [InlineData("Qwen/Qwen2.5-7B-Instruct@v9", "g5.xlarge", 422, "revision_not_found")]
    [InlineData("meta-llama/Llama-3.1-8B-Instruct", "g5.xlarge", 422, "model_gated")]
    [InlineData("deepseek-ai/DeepSeek-V3", "g5.xlarge", 422, "model_too_large")]
    [InlineData("test/paints", "g5.xlarge", 422, "model_unsupported")]
    [InlineData("/etc", "g5.xlarge", 403, "scope_missing")]
    [InlineData("s3://their-bucket/model", "g5.xlarge", 403, "scope_missing")]
    public async Task A_model_that_can_not_be_served_is_refused_at_once_and_leaves_no_stream(string model, string hardware, int status, string code)
    {
        installation.Hub.Add("test/paints", like: "Qwen/Qwen2.5-7B-Instruct", info => info["pipeline_tag"] = "text-to-image");
        using var owner = installation.As();
        var before = await StreamsAsync();
        await RefusedAsync(owner, new { name = "refused", model, hardware }, status, code);
        Assert.Equal(before, await StreamsAsync());
    }

    [Fact]
    public async Task Folders_of_the_machine_are_its_operators()
    {
        using var owner = installation.As();
        using var refused = await owner.PostAsJsonAsync("/v1/quotes", new { model = "/etc" });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using var @operator = installation.As(Installation.Account, KeyScope.Operator);
        await RefusedAsync(@operator, new { name = "own", model = "/no/such/folder", hardware = "g5.xlarge" }, 422, "weights_unreadable");
    }

    [Fact]
    public async Task A_repeated_creation_finds_its_endpoint_though_its_model_is_gone()
    {
        installation.Hub.Add("test/passing-1B", like: "Qwen/Qwen2.5-0.5B-Instruct");
        using var owner = installation.As();
        owner.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var first = await CreatedAsync(owner, new { name = "passing", model = "test/passing-1B" });
        installation.Hub.Models.TryRemove("test/passing-1B", out _);
        Assert.Equal((string)first["id"]!, (string)(await CreatedAsync(owner, new { name = "passing", model = "test/passing-1B" }))["id"]!);
        await RefusedAsync(owner, new { name = "another", model = "test/passing-1B" }, 422, "idempotency_key_reused");
    }

    [Fact]
    public async Task Code_of_the_model_runs_only_on_consent()
    {
        installation.Hub.Add("test/own-code-7B", like: "Qwen/Qwen2.5-7B-Instruct", info => info["siblings"]!.AsArray().Add(new JsonObject { ["rfilename"] = "modeling.py", ["size"] = 1 }));
        installation.Hub.Models["test/own-code-7B"].Files["config.json"] = """{"architectures": ["OwnForCausalLM"], "auto_map": {"AutoModel": "modeling.Own"}, "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 64, "max_position_embeddings": 8192}"""u8.ToArray();
        using var owner = installation.As();
        await RefusedAsync(owner, new { name = "own", model = "test/own-code-7B", runtime = "vllm" }, 422, "remote_code_not_trusted");
        var created = await CreatedAsync(owner, new { name = "own", model = "test/own-code-7B", runtime = "vllm", trustRemoteCode = true });
        await Eventually.TrueAsync(() => installation.Heard.Any(m => m.EndpointId == (string)created["id"]!), "the creation to be told");
        Assert.Contains("--trust-remote-code", installation.Heard.First(m => m.EndpointId == (string)created["id"]!).State.Plan!.Arguments);
    }

    [Fact]
    public async Task What_only_the_simulator_knows_is_refused_to_other_runtimes()
    {
        using var owner = installation.As();
        await RefusedAsync(owner, new { name = "none", model = "simulator/tiny", runtime = "vllm" }, 422, "model_unsupported");
        await CreatedAsync(owner, new { name = "tiny", model = "simulator/tiny" });
    }

    [Fact]
    public async Task A_machine_of_ones_own_makes_no_model_longer()
    {
        using var owner = installation.As();
        await RefusedAsync(owner, new { name = "long", model = "Qwen/Qwen2.5-0.5B-Instruct", hardware = "local", runtime = "vllm", context = 100_000_000 }, 422, "model_too_large");
    }

    [Fact]
    public async Task What_nodes_load_is_the_revision_that_was_analysed_and_the_simulator_loads_nothing()
    {
        using var owner = installation.As();
        var revision = installation.Hub.Models["Qwen/Qwen2.5-7B-Instruct"].Revision;
        Assert.Equal(new NodeWeights("Qwen/Qwen2.5-7B-Instruct", revision, null), (await PlanAsync(owner, new { name = "real", model = "Qwen/Qwen2.5-7B-Instruct", runtime = "vllm" })).Weights);
        Assert.Equal("gemma-3-1b-it-Q4_K_M.gguf", (await PlanAsync(owner, new { name = "real", model = "ggml-org/gemma-3-1b-it-GGUF", runtime = "llama-server" })).Weights!.File);
        Assert.Null((await PlanAsync(owner, new { name = "simulated", model = "Qwen/Qwen2.5-7B-Instruct" })).Weights);
    }

    [Fact]
    public async Task An_adapter_is_loaded_on_its_base()
    {
        var adapter = installation.Hub.Put("me/adapter", new Dictionary<string, byte[]>
        {
            ["adapter_config.json"] = """{"base_model_name_or_path": "Qwen/Qwen2.5-7B-Instruct", "r": 16, "peft_type": "LORA"}"""u8.ToArray(), ["adapter_model.safetensors"] = new byte[100],
        });
        using var owner = installation.As();
        var plan = await PlanAsync(owner, new { name = "adapted", model = "me/adapter", runtime = "vllm" });
        Assert.Equal((new("Qwen/Qwen2.5-7B-Instruct", installation.Hub.Models["Qwen/Qwen2.5-7B-Instruct"].Revision, null), new("me/adapter", adapter.Revision, null)), (plan.Weights, plan.Adapter));
        Assert.Contains("--lora-modules={name}={adapter}", plan.Arguments);
    }

    private async Task<EndpointPlan> PlanAsync(HttpClient owner, object body)
    {
        var id = (string)(await CreatedAsync(owner, body))["id"]!;
        await Eventually.TrueAsync(() => installation.Heard.Any(m => m.EndpointId == id), "the creation to be told");
        return installation.Heard.First(m => m.EndpointId == id).State.Plan!;
    }

    private static async Task<JsonNode> QuoteAsync(HttpClient owner, object body)
    {
        using var answer = await owner.PostAsJsonAsync("/v1/quotes", body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task<JsonNode> CreatedAsync(HttpClient owner, object body)
    {
        using var answer = await owner.PostAsJsonAsync("/v1/endpoints", body);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task RefusedAsync(HttpClient owner, object body, int status, string code)
    {
        using var answer = await owner.PostAsJsonAsync("/v1/endpoints", body);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal((status, code), ((int)answer.StatusCode, (string)problem["code"]!));
    }

    private async Task<int> StreamsAsync()
    {
        using var service = installation.AsService("billing");
        return (await service.GetFromJsonAsync<JsonNode>("/internal/endpoints/versions"))!.AsArray().Count;
    }
}
