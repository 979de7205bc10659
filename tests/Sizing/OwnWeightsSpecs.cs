using Amazon.Runtime;
using Amazon.S3;
using Hypervize.Sizing.Analysis;

namespace Hypervize.Sizing.Tests;

/// <summary>A user's own weights, in a folder and in a bucket, analysed from the files themselves.</summary>
public sealed class OwnWeightsSpecs : IDisposable
{
    private const string Config = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 64, "max_position_embeddings": 4096}
        """;

    private static readonly byte[] Tensors = WeightFiles.Safetensors(("a", "BF16", [1000, 64], 2), ("b", "F32", [10], 4));

    private static readonly byte[] Quantized = WeightFiles.Gguf(
        new Dictionary<string, object>
        {
            ["general.architecture"] = "llama", ["general.name"] = "Tiny", ["llama.block_count"] = 4u, ["llama.attention.head_count"] = 16u, ["llama.attention.head_count_kv"] = 2u,
            ["llama.embedding_length"] = 1024u, ["llama.context_length"] = 2048u, ["llama.rope.freq_base"] = 10_000f, ["tokenizer.ggml.tokens"] = Enumerable.Range(0, 20_000).Select(n => $"token{n}").ToArray(),
            ["tokenizer.chat_template"] = "{{ messages }}",
        },
        ("token_embd.weight", 1, [1024, 20_000]), ("blk.0.attn_q.weight", 12, [1024, 1024]));

    private readonly string _folder = Directory.CreateTempSubdirectory("hypervize-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_of_safetensors_is_sized_by_their_headers()
    {
        Put("config.json", Config);
        Put("model.safetensors", Tensors);
        var it = await AnalysedAsync(_folder);
        Assert.Equal((64_010L, 128_040L, 2L * 2 * 2 * 8 * 2, 4096, false), (it.Parameters, it.WeightBytes, it.KvBytesPerToken, it.MaxContext, it.IsEstimate));
    }

    [Fact]
    public async Task Only_shards_that_the_index_names_count()
    {
        Put("config.json", Config);
        Put("model-00001-of-00002.safetensors", Tensors);
        Put("model-00002-of-00002.safetensors", Tensors);
        Put("consolidated.safetensors", Tensors);
        Put("model.safetensors.index.json", """{"metadata": {"total_size": 1}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""");
        Assert.Equal(2 * 128_040, (await AnalysedAsync(_folder)).WeightBytes);

        File.Delete(Path.Combine(_folder, "model-00002-of-00002.safetensors"));
        Assert.Contains("model-00002-of-00002.safetensors", (await RefusedAsync(_folder)).Message);
    }

    [Fact]
    public async Task A_GGUF_file_is_sized_by_its_metadata()
    {
        Put("tiny-Q4_K_M.gguf", Quantized);
        var it = await AnalysedAsync(_folder);
        Assert.Equal((ModelTask.Chat, WeightFormat.Gguf, "Q4_K_M", 2048), (it.Task, it.Format, it.Quantization, it.MaxContext));
        Assert.Equal(4 * 2 * (64 + 64) * 2, it.KvBytesPerToken);
        Assert.Equal(21_528_576, it.Parameters);
        Assert.Equal(Quantized.Length, it.WeightBytes);
    }

    [Theory]
    [InlineData("model.safetensors", "nonsense that is longer than eight bytes")]
    [InlineData("model.safetensors", "")]
    [InlineData("model.gguf", "nonsense")]
    [InlineData("model.gguf", "GGUF")]
    public async Task A_file_that_is_no_weights_is_refused(string file, string content)
    {
        Put("config.json", Config);
        Put(file, content);
        Assert.Equal(ModelProblem.WeightsUnreadable, (await RefusedAsync(_folder)).Problem);
    }

    [Fact]
    public async Task A_header_that_is_cut_short_is_refused()
    {
        Put("tiny-Q4_K_M.gguf", Quantized[..1000]);
        Assert.Contains("ends inside its header", (await RefusedAsync(_folder)).Message);
    }

    [Fact]
    public async Task A_header_that_claims_absurd_shapes_is_refused()
    {
        Put("tiny-Q4_K_M.gguf", WeightFiles.Gguf(new Dictionary<string, object> { ["general.architecture"] = "llama" }, ("a", 0, [long.MaxValue, long.MaxValue])));
        Assert.Contains("absurd shape", (await RefusedAsync(_folder)).Message);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_refused() => Assert.Contains("There is no folder", (await RefusedAsync("/no/such/folder")).Message);

    [Fact]
    public async Task A_bucket_is_sized_by_as_much_as_headers_take()
    {
        await using var s3 = await BucketStandIn.StartAsync();
        s3.Objects["team/tiny/config.json"] = System.Text.Encoding.UTF8.GetBytes(Config);
        s3.Objects["team/tiny/model.safetensors"] = WeightFiles.Safetensors(("a", "BF16", [5_000_000, 2], 2));
        var it = await AnalysedAsync("s3://models/team/tiny", s3);
        Assert.Equal(20_000_000, it.WeightBytes);
        Assert.True(s3.Sent < 100_000, $"{s3.Sent} bytes were fetched.");
    }

    [Fact]
    public async Task A_GGUF_file_in_a_bucket_is_read_by_ranges()
    {
        await using var s3 = await BucketStandIn.StartAsync();
        s3.Objects["tiny-Q4_K_M.gguf"] = Quantized;
        Assert.Equal(4 * 2 * (64 + 64) * 2, (await AnalysedAsync("s3://models", s3)).KvBytesPerToken);
    }

    [Theory]
    [InlineData("s3://nowhere/tiny", "There is no bucket nowhere")]
    [InlineData("s3://closed/tiny", "may not be read")]
    [InlineData("s3://models/empty", "no files")]
    public async Task A_bucket_that_can_not_be_read_says_why(string model, string why)
    {
        await using var s3 = await BucketStandIn.StartAsync();
        Assert.Contains(why, (await RefusedAsync(model, s3)).Message);
    }

    private void Put(string file, string content) => File.WriteAllText(Path.Combine(_folder, file), content);

    private void Put(string file, byte[] content) => File.WriteAllBytes(Path.Combine(_folder, file), content);

    private static async Task<ModelAnalysis> AnalysedAsync(string model, BucketStandIn? s3 = null)
    {
        var answer = await AnswerAsync(model, s3);
        Assert.Null(answer.Refusal);
        return answer.Value!;
    }

    private static async Task<ModelRefusal> RefusedAsync(string model, BucketStandIn? s3 = null) => (await AnswerAsync(model, s3)).Refusal!;

    private static Task<Answer<ModelAnalysis>> AnswerAsync(string model, BucketStandIn? s3) => new ModelReader(
        null!, () => new AmazonS3Client(new AnonymousAWSCredentials(), new AmazonS3Config { ServiceURL = s3!.Url, ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 }))
        .AnalyseAsync(model, null, null, CancellationToken.None);
}
