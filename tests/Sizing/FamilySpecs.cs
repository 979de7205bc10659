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
        // multi_query wins over what a newer save writes beside it.
        { "falcon-7b-resaved", """{"architectures":["FalconForCausalLM"],"model_type":"falcon","num_hidden_layers":32,"num_attention_heads":71,"num_kv_heads":71,"hidden_size":4544,"multi_query":true,"new_decoder_architecture":false}""", 8_192, 2_048 },
        // GPTBigCodeConfig assumes one head for all: 2 × 24 × 128 × 2.
        { "gpt_bigcode", """{"architectures":["GPTBigCodeForCausalLM"],"model_type":"gpt_bigcode","n_layer":24,"n_head":16,"n_embd":2048,"n_positions":8192}""", 12_288, 8_192 },
        // Two blocks attend with 8 heads each, one has become nothing: 2 × 2 × 8 × 128 × 2.
        { "nemotron-nas", """{"architectures":["DeciLMForCausalLM"],"model_type":"nemotron-nas","num_hidden_layers":3,"num_attention_heads":64,"num_key_value_heads":null,"hidden_size":8192,"max_position_embeddings":131072,"block_configs":[{"attention":{"n_heads_in_group":8,"no_op":false}},{"attention":{"n_heads_in_group":null,"no_op":true}},{"attention":{"n_heads_in_group":8,"no_op":false}}]}""", 8_192, 131_072 },
        // Three of 32 layers attend: 3 × 2 × 8 × 128 × 2.
        { "bamba", """{"architectures":["BambaForCausalLM"],"model_type":"bamba","num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"hidden_size":4096,"max_position_embeddings":262144,"attn_layer_indices":[9,18,27]}""", 12_288, 262_144 },
        // Ten of 80 layers compute softmax: 10 × 2 × 8 × 128 × 2.
        { "minimax-text", """{"architectures":["MiniMaxText01ForCausalLM"],"model_type":"minimax_text_01","num_hidden_layers":80,"num_attention_heads":64,"num_key_value_heads":8,"head_dim":128,"hidden_size":6144,"max_position_embeddings":10240000,"attn_type_list":[0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,1]}""", 40_960, 10_240_000 },
        // Latent attention in two of four layers: 2 × (512 + 64) × 2.
        { "kimi-linear", """{"architectures":["KimiLinearForCausalLM"],"model_type":"kimi_linear","num_hidden_layers":4,"num_attention_heads":32,"num_key_value_heads":32,"hidden_size":2304,"kv_lora_rank":512,"qk_rope_head_dim":64,"qk_nope_head_dim":128,"model_max_length":1048576,"linear_attn_config":{"full_attn_layers":[2,4]}}""", 2_304, 1_048_576 },
        // The last 15 of 35 layers look at what earlier ones keep: 20 × 2 × 2 × 256 × 2.
        { "gemma-3n", """{"architectures":["Gemma3nForConditionalGeneration"],"model_type":"gemma3n","text_config":{"model_type":"gemma3n_text","num_hidden_layers":35,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":256,"hidden_size":2048,"max_position_embeddings":32768,"num_kv_shared_layers":15,"layer_types":["full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention","full_attention"]}}""", 40_960, 32_768 },
        // A state space keeps nothing of a token.
        { "mamba2", """{"architectures":["Mamba2ForCausalLM"],"model_type":"mamba2","num_hidden_layers":64,"num_heads":128,"head_dim":64,"hidden_size":4096,"state_size":128,"max_position_embeddings":8192}""", 0, 8_192 },
        // MiniCPM3's latent attention is kept in full: 62 × 2 × 40 × 96 × 2.
        { "minicpm3", """{"architectures":["MiniCPM3ForCausalLM"],"model_type":"minicpm3","num_hidden_layers":62,"num_attention_heads":40,"num_key_value_heads":40,"hidden_size":2560,"kv_lora_rank":256,"qk_rope_head_dim":32,"qk_nope_head_dim":64,"max_position_embeddings":32768}""", 952_320, 32_768 },
        // An older name of the width: 2 × 30 × 32 × 128 × 2.
        { "bloom", """{"architectures":["BloomForCausalLM"],"model_type":"bloom","n_layer":30,"n_head":32,"n_embed":4096,"seq_length":2048}""", 491_520, 2_048 },
        // 2 × 32 × 32 × 128 × 2.
        { "xglm", """{"architectures":["XGLMForCausalLM"],"model_type":"xglm","num_layers":32,"attention_heads":32,"d_model":4096,"max_position_embeddings":2048}""", 524_288, 2_048 },
        // A word that nobody knows is taken for attention: 2 × 2 × 32 × 128 × 2.
        { "martian", """{"architectures":["XForCausalLM"],"model_type":"x","num_hidden_layers":2,"num_attention_heads":32,"hidden_size":4096,"max_position_embeddings":8192,"layer_types":["martian","martian"]}""", 32_768, 8_192 },
        // What it says of its longest text wins over its positions.
        { "command-r", """{"architectures":["CohereForCausalLM"],"model_type":"cohere","num_hidden_layers":40,"num_attention_heads":64,"num_key_value_heads":64,"hidden_size":8192,"max_position_embeddings":8192,"model_max_length":131072}""", 1_310_720, 131_072 },
        // Of several names the smallest holds.
        { "qwen-1", """{"architectures":["QWenLMHeadModel"],"model_type":"qwen","num_hidden_layers":32,"num_attention_heads":32,"hidden_size":4096,"kv_channels":128,"max_position_embeddings":32768,"seq_length":8192}""", 524_288, 8_192 },
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
