using System.Text;
using System.Text.Json.Nodes;
using Hypervize.Sizing.Fit;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Sizing.Tests;

/// <summary>Documents are strangers' input: whatever they say, there is an analysis or a refusal.</summary>
public sealed class StrangeDocumentSpecs : IAsyncLifetime, IDisposable
{
    private const string Plain = """{"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":2,"num_attention_heads":8,"hidden_size":512,"max_position_embeddings":4096}""";
    private readonly HubFixture _fixture = new();

    public Task InitializeAsync() => _fixture.InitializeAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("""{"architectures":[1]}""")]
    [InlineData("""{"architectures":["\ud800"],"model_type":"\udfff\\ud800"}""")]
    [InlineData("""{"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":2,"num_attention_heads":8,"hidden_size":512,"max_position_embeddings":1,"layer_types":["chunked_attention","chunked_attention"],"attention_chunk_size":-5}""")]
    [InlineData("""{"architectures":["XLMRobertaModel"],"model_type":"xlm-roberta","num_hidden_layers":2,"num_attention_heads":8,"hidden_size":512,"max_position_embeddings":1}""")]
    [InlineData("""{"architectures":["LlamaForCausalLM"],"block_configs":[{"attention":5},{"attention":{"n_heads_in_group":"x"}}],"num_hidden_layers":2,"num_attention_heads":8,"hidden_size":512}""")]
    [InlineData("""[]""")]
    [InlineData("""<html>""")]
    public async Task A_config_of_any_kind_makes_a_size_that_can_be_or_is_refused(string config)
    {
        Put("strange/model-7B", config);
        var answer = await _fixture.Reader().AnalyseAsync("strange/model-7B", null, null, CancellationToken.None);
        if (answer.Value is not { } model) return;
        Assert.True(model.MaxContext >= 1 && model.KvBytesPerToken >= 0 && model.WeightBytes > 0 && model.Layers.All(l => l.Window is null or > 0));
    }

    [Fact]
    public async Task A_config_in_another_encoding_is_read_as_far_as_it_goes()
    {
        Put("strange/latin", Plain);
        _fixture.Hub.Models["strange/latin"].Files["config.json"] = Encoding.Latin1.GetBytes(Plain.Replace("}", ",\"by\":\"Andr\u00e9\"}"));
        Assert.Equal(4096, (await _fixture.AnalyseAsync("strange/latin")).MaxContext);
        _fixture.Hub.Models["strange/latin"].Files["config.json"] = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Plain)];
        Assert.False((await _fixture.AnalyseAsync("strange/latin")).IsEstimate);
    }

    [Fact]
    public async Task A_config_that_can_not_be_understood_is_told()
    {
        Put("strange/broken", Plain[..20]);
        Assert.Contains((await _fixture.AnalyseAsync("strange/broken")).Notes, n => n.Contains("config.json can't be understood", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sums_beyond_all_bounds_are_not_told()
    {
        Put("strange/huge", Plain, info =>
        {
            info.Remove("safetensors");
            info["siblings"] = new JsonArray([.. Enumerable.Range(1, 9300).Select(n => new JsonObject { ["rfilename"] = $"model-{n:00000}-of-09300.safetensors", ["size"] = 1e15 })]);
        });
        Assert.NotNull((await _fixture.Reader().AnalyseAsync("strange/huge", null, null, CancellationToken.None)).Refusal);
    }

    [Fact]
    public async Task A_count_that_is_none_makes_all_counts_untold()
    {
        Put("strange/counts", Plain, info => info["safetensors"] = JsonNode.Parse("""{"parameters":{"BF16":1.5e9,"F16":"x"}}"""));
        var answer = await _fixture.Reader().AnalyseAsync("strange/counts", null, null, CancellationToken.None);
        Assert.NotEqual(3_000_000_000L, answer.Value?.WeightBytes);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("//")]
    public async Task A_redirect_to_where_nothing_can_be_read_is_a_silent_Hub(string to)
    {
        _fixture.Hub.Interfere = http =>
        {
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = to;
            return Task.FromResult(true);
        };
        Assert.Equal(ModelProblem.Unreachable, (await _fixture.RefusedAsync("strange/redirected")).Problem);
    }

    [Fact]
    public async Task What_the_Hub_says_of_a_failure_is_shown_on_one_short_line()
    {
        _fixture.Hub.Interfere = async http =>
        {
            http.Response.StatusCode = 500;
            await http.Response.WriteAsync($$"""{"error": "\ud800 \u001b[31m one\n   at two{{new string('x', 5000)}}"}""");
            return true;
        };
        var message = (await _fixture.RefusedAsync("strange/loud")).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 400);
    }

    [Fact]
    public async Task Adapters_that_name_each_other_are_refused()
    {
        Adapter("strange/a", """{"base_model_name_or_path": "strange/b", "r": 8}""");
        Adapter("strange/b", """{"base_model_name_or_path": "strange/a", "r": 8}""");
        Adapter("strange/self", """{"base_model_name_or_path": "strange/self"}""");
        Assert.Contains("an adapter too", (await _fixture.RefusedAsync("strange/a")).Message);
        Assert.Contains("an adapter too", (await _fixture.RefusedAsync("strange/self")).Message);
        Assert.InRange(_fixture.Hub.Requests.Count, 1, 12);
    }

    [Theory]
    [InlineData("""{"base_model_name_or_path": 5}""")]
    [InlineData("""{"r": 8}""")]
    [InlineData("""[]""")]
    public async Task An_adapter_without_a_base_is_refused(string config)
    {
        Adapter("strange/adapter", config);
        Assert.Equal(ModelProblem.Unsupported, (await _fixture.RefusedAsync("strange/adapter")).Problem);
    }

    [Fact]
    public async Task A_token_that_can_be_none_is_refused_before_it_is_sent()
    {
        Put("strange/model", Plain);
        Assert.Equal(ModelProblem.TokenInvalid, (await _fixture.RefusedAsync("strange/model", "hf_one\nhf_two")).Problem);
        Assert.Empty(_fixture.Hub.Requests);
    }

    [Theory]
    [InlineData("feature-extraction", """{"architectures":["HubertModel"],"model_type":"hubert","num_hidden_layers":12,"num_attention_heads":12,"hidden_size":768}""")]
    [InlineData("visual-question-answering", """{"architectures":["ViltForQuestionAnswering"],"model_type":"vilt"}""")]
    [InlineData("text-generation", """{"architectures":["T5ForConditionalGeneration"],"model_type":"t5","is_encoder_decoder":true}""")]
    [InlineData("text-generation", """{"architectures":["LlamaForSequenceClassification"],"model_type":"llama"}""")]
    [InlineData("feature-extraction", """{"architectures":["XLMRobertaForSequenceClassification"],"model_type":"xlm-roberta"}""")]
    [InlineData(null, """{"architectures":["CLIPModel"],"model_type":"clip","text_config":{"num_hidden_layers":12,"num_attention_heads":8,"hidden_size":512}}""")]
    [InlineData(null, """{"architectures":["ViTModel"],"model_type":"vit","num_hidden_layers":12,"num_attention_heads":12,"hidden_size":768}""")]
    public async Task What_judges_sees_or_hears_is_refused_whatever_its_tag_says(string? tag, string config)
    {
        Put("strange/model", config, info => info["pipeline_tag"] = tag);
        Assert.Equal(ModelProblem.Unsupported, (await _fixture.RefusedAsync("strange/model")).Problem);
    }

    [Fact]
    public async Task Sentences_are_cut_where_their_own_config_says()
    {
        Put("strange/minilm", """{"architectures":["BertModel"],"model_type":"bert","num_hidden_layers":6,"num_attention_heads":12,"hidden_size":384,"max_position_embeddings":512}""", info =>
        {
            info["pipeline_tag"] = "sentence-similarity";
            info["siblings"] = JsonNode.Parse("""[{"rfilename":"config.json","size":1},{"rfilename":"sentence_bert_config.json","size":1}]""");
        });
        _fixture.Hub.Models["strange/minilm"].Files["sentence_bert_config.json"] = """{"max_seq_length": 256}"""u8.ToArray();
        Assert.Equal(256, (await _fixture.AnalyseAsync("strange/minilm")).MaxContext);
    }

    [Theory]
    [InlineData("\"quantization_config\":{\"quant_method\":\"awq\",\"group_size\":128}", "fp8", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"fp8\"}", "bitsandbytes", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"fp8\"}", "fp8", true)]
    [InlineData("\"quantization_config\":null", "fp8", true)]
    [InlineData("\"quantization_config\":null", "FP8", false)]
    [InlineData("\"quantization_config\":null", "Q8_0", false)]
    public async Task Only_what_can_be_quantised_while_it_is_loaded_is(string stored, string asked, bool can)
    {
        Put("strange/model", Plain.Replace("}", $",{stored}}}"));
        var answer = await _fixture.Reader().AnalyseAsync("strange/model", null, asked, CancellationToken.None);
        Assert.Equal(can, answer.Value is not null);
        if (stored.Contains("fp8", StringComparison.Ordinal) && can) Assert.Equal(answer.Value!.LoadedBytes, Need.LoadedBytes(answer.Value, asked));
    }

    [Theory]
    // phi-4: its words can't be divided by 5; Qwen3's experts in FP8 are 12 blocks of 128 wide; a wide layer of 231 groups can't be cut.
    [InlineData("\"num_attention_heads\":40,\"num_key_value_heads\":10,\"hidden_size\":5120,\"intermediate_size\":17920,\"vocab_size\":100352", "1 2")]
    [InlineData("\"num_attention_heads\":64,\"num_key_value_heads\":4,\"hidden_size\":4096,\"head_dim\":128,\"intermediate_size\":12288,\"moe_intermediate_size\":1536,\"vocab_size\":151936,\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}", "1 2 4")]
    [InlineData("\"num_attention_heads\":64,\"num_key_value_heads\":8,\"hidden_size\":8192,\"intermediate_size\":29568,\"vocab_size\":152064,\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{\"weights\":{\"group_size\":128}}}}", "1")]
    [InlineData("\"num_attention_heads\":14,\"num_key_value_heads\":2,\"hidden_size\":896,\"intermediate_size\":4864,\"vocab_size\":151936,\"quantization_config\":{\"quant_method\":\"awq\",\"group_size\":128}", "1")]
    [InlineData("\"num_attention_heads\":32,\"num_key_value_heads\":8,\"hidden_size\":4096,\"intermediate_size\":14336,\"vocab_size\":128256", "1 2 4 8")]
    public async Task A_model_is_split_where_all_of_it_can_be(string dimensions, string degrees)
    {
        Put("strange/model", $$"""{"architectures":["XForCausalLM"],"model_type":"x","num_hidden_layers":2,"max_position_embeddings":4096,{{dimensions}}}""");
        var model = await _fixture.AnalyseAsync("strange/model");
        Assert.Equal(degrees, string.Join(' ', Enumerable.Range(1, 8).Where(n => Splits.IsValid(model, n))));
    }

    [Theory]
    [InlineData("meta/Scout-17B-16E")]
    [InlineData("google/gemma-3n-E4B-it")]
    public async Task A_name_that_counts_what_is_active_tells_no_size(string model)
    {
        var answer = await _fixture.Reader(url: new("http://127.0.0.1:9/")).AnalyseAsync(model, null, null, CancellationToken.None);
        Assert.Equal(ModelProblem.Unreachable, answer.Refusal?.Problem);
    }

    private void Adapter(string id, string config) => _fixture.Hub.Put(id, new Dictionary<string, byte[]> { ["adapter_config.json"] = Encoding.UTF8.GetBytes(config), ["adapter_model.safetensors"] = new byte[10] });

    private void Put(string id, string config, Action<JsonObject>? change = null)
    {
        var info = new JsonObject
        {
            ["id"] = id, ["sha"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(id + config)))[..40], ["gated"] = false, ["pipeline_tag"] = "text-generation",
            ["safetensors"] = new JsonObject { ["parameters"] = new JsonObject { ["BF16"] = 7_000_000_000 }, ["total"] = 7_000_000_000 },
        };
        change?.Invoke(info);
        _fixture.Hub.Models[id] = new(info, new() { ["config.json"] = Encoding.UTF8.GetBytes(config) }, []);
    }
}
