using System.Text;
using System.Text.Json.Nodes;
using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Tests;

/// <summary>Architectures that say the same things in other words. Figures by hand, from the published configs' own fields.</summary>
public sealed class FamilySpecs(HubFixture fixture) : IClassFixture<HubFixture>
{
    public static TheoryData<string, string, long, int> Families => new()
    {
        // One head of keys and values for all: 2 × 32 × 1 × 64 × 2.
        { "falcon-7b", """{"architectures":["FalconForCausalLM"],"model_type":"falcon","num_hidden_layers":32,"num_attention_heads":71,"hidden_size":4544,"multi_query":true,"new_decoder_architecture":false}""", 8_192, 2_048 },
        // The newer Falcon names its groups, though multi_query is still set: 2 × 60 × 8 × 64 × 2.
        { "falcon-40b", """{"architectures":["FalconForCausalLM"],"model_type":"falcon","num_hidden_layers":60,"num_attention_heads":128,"num_kv_heads":8,"hidden_size":8192,"multi_query":true,"new_decoder_architecture":true}""", 122_880, 2_048 },
        { "gpt2", """{"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","n_layer":12,"n_head":12,"n_embd":768,"n_positions":1024}""", 36_864, 1_024 },
        // One layer in eight attends: 4 × 2 × 8 × 128 × 2.
        { "jamba", """{"architectures":["JambaForCausalLM"],"model_type":"jamba","num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"hidden_size":4096,"attn_layer_period":8,"attn_layer_offset":4,"max_position_embeddings":262144}""", 16_384, 262_144 },
        // One in four: 12 × 2 × 2 × 256 × 2.
        { "qwen3-next", """{"architectures":["Qwen3NextForCausalLM"],"model_type":"qwen3_next","num_hidden_layers":48,"num_attention_heads":16,"num_key_value_heads":2,"head_dim":256,"hidden_size":2048,"full_attention_interval":4,"max_position_embeddings":262144}""", 24_576, 262_144 },
        // All is as LlamaConfig assumes it: 2 × 32 × 32 × 128 × 2.
        { "llava", """{"architectures":["LlavaForConditionalGeneration"],"model_type":"llava","text_config":{"model_type":"llama","max_position_embeddings":4096},"vision_config":{}}""", 524_288, 4_096 },
        { "chatglm", """{"architectures":["ChatGLMModel"],"model_type":"chatglm","num_layers":28,"num_attention_heads":32,"multi_query_attention":true,"multi_query_group_num":2,"kv_channels":128,"hidden_size":4096,"seq_length":8192,"auto_map":{"AutoModelForCausalLM":"x.Y"}}""", 28_672, 8_192 },
        // YaRN stretches what it was made for.
        { "yarn", """{"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":2,"num_attention_heads":2,"hidden_size":256,"max_position_embeddings":32768,"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768}}""", 2_048, 131_072 },
    };

    [Theory, MemberData(nameof(Families))]
    public async Task A_family_is_read_by_its_own_words(string name, string config, long kvBytesPerToken, int maxContext)
    {
        var it = await AnalyseAsync($"family/{name}", config, "text-generation");
        Assert.Equal((kvBytesPerToken, maxContext, false), (it.KvBytesPerToken, it.MaxContext, it.IsEstimate));
    }

    [Fact]
    public async Task Llama_4_looks_back_a_chunk_in_three_layers_of_four()
    {
        var it = await AnalyseAsync("family/llama4", """{"architectures":["Llama4ForConditionalGeneration"],"model_type":"llama4","text_config":{"model_type":"llama4_text","num_hidden_layers":48,"num_attention_heads":40,"num_key_value_heads":8,"head_dim":128,"hidden_size":5120,"attention_chunk_size":8192,"max_position_embeddings":10485760}}""", "image-text-to-text");
        Assert.Equal([(36, 8192), (12, null)], it.Layers.Select(l => (l.Count, l.Window)).OrderByDescending(l => l.Count));
    }

    [Theory]
    [InlineData("""{"architectures":["XLMRobertaModel"],"model_type":"xlm-roberta","num_hidden_layers":24,"num_attention_heads":16,"hidden_size":1024,"max_position_embeddings":514}""", 0, 512)]
    [InlineData("""{"architectures":["Qwen3ForCausalLM"],"model_type":"qwen3","num_hidden_layers":36,"num_attention_heads":32,"num_key_value_heads":8,"head_dim":128,"hidden_size":4096,"max_position_embeddings":40960}""", 147_456, 40_960)]
    public async Task Embeddings_come_from_encoders_and_decoders(string config, long kvBytesPerToken, int maxContext)
    {
        var it = await AnalyseAsync("family/embeds", config, "feature-extraction");
        Assert.Equal((ModelTask.Embedding, kvBytesPerToken, maxContext), (it.Task, it.KvBytesPerToken, it.MaxContext));
    }

    [Theory]
    [InlineData("""{"architectures":["T5ForConditionalGeneration"],"model_type":"t5","is_encoder_decoder":true}""", null)]
    [InlineData("""{"architectures":["WhisperForConditionalGeneration"],"model_type":"whisper"}""", "automatic-speech-recognition")]
    [InlineData("""{"architectures":["BertForSequenceClassification"],"model_type":"bert"}""", null)]
    public async Task What_makes_no_text_is_refused(string config, string? tag)
    {
        Put("family/other", config, tag);
        Assert.Equal(ModelProblem.Unsupported, (await fixture.RefusedAsync("family/other")).Problem);
    }

    private async Task<ModelAnalysis> AnalyseAsync(string id, string config, string tag)
    {
        Put(id, config, tag);
        return await fixture.AnalyseAsync(id);
    }

    private void Put(string id, string config, string? tag) => fixture.Hub.Models[id] = new(
        new()
        {
            ["id"] = id, ["sha"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(config))), ["gated"] = false, ["pipeline_tag"] = tag,
            ["safetensors"] = new JsonObject { ["parameters"] = new JsonObject { ["BF16"] = 1_000_000_000 }, ["total"] = 1_000_000_000 },
        },
        new() { ["config.json"] = Encoding.UTF8.GetBytes(config) }, []);
}
