using System.Runtime.InteropServices;
using System.Text.Json;

namespace Hypervize.Simulator.Tests;

/// <summary>What a ready node answers.</summary>
public sealed class AnswerSpecs(AnswerSpecs.ReadyNode ready) : IClassFixture<AnswerSpecs.ReadyNode>
{
    private const string Model = "simulator/tiny?load=0&ttft=0&tps=0";
    private readonly SimulatorProcess _node = ready.Node;

    [Fact]
    public async Task A_chat_completion_says_that_it_is_simulated()
    {
        var answer = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model)).JsonAsync();
        Assert.Equal("hypervize-simulator", answer.GetProperty("system_fingerprint").GetString());
        Assert.StartsWith("[simulated]", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task An_answer_has_exactly_the_tokens_it_was_limited_to()
    {
        var answer = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, tokens: 70)).JsonAsync();
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal(70, choice.GetProperty("message").GetProperty("content").GetString()!.Split(' ').Length);
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal((3, 70, 73), Usage(answer));
    }

    [Fact]
    public async Task Without_a_limit_an_answer_ends_by_itself()
    {
        var answer = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model)).JsonAsync();
        Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task The_newer_name_of_the_limit_wins()
    {
        var answer = await _node.PostAsync("/v1/chat/completions", $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"x"}],"max_tokens":9,"max_completion_tokens":4}""").JsonAsync();
        Assert.Equal(4, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_has_a_chunk_for_each_token_and_says_why_it_ends()
    {
        var chunks = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, tokens: 5, stream: true)).ChunksAsync();
        Assert.Equal(["", "[simulated]", " This", " answer", " comes", " from", null], chunks.Select(c => c.Content()));
        Assert.Equal("length", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.All(chunks, c => Assert.Equal("hypervize-simulator", c.GetProperty("system_fingerprint").GetString()));
    }

    [Fact]
    public async Task A_stream_has_its_usage_last_when_that_is_asked_for()
    {
        var body = $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"one two"}],"max_tokens":3,"stream":true,"stream_options":{"include_usage":true} }""";
        var chunks = await _node.PostAsync("/v1/chat/completions", body).ChunksAsync();
        Assert.Equal((2, 3, 5), Usage(chunks[^1]));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.All(chunks.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("usage").ValueKind));
    }

    [Fact]
    public async Task A_stream_has_no_usage_unless_asked_for()
    {
        var chunks = await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, tokens: 2, stream: true)).ChunksAsync();
        Assert.All(chunks, c => Assert.False(c.TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task A_text_completion_is_whole_or_streamed()
    {
        var whole = await _node.PostAsync("/v1/completions", new { model = Model, prompt = "one two", max_tokens = 3 }).JsonAsync();
        var chunks = await _node.PostAsync("/v1/completions", new { model = Model, prompt = "one two", max_tokens = 3, stream = true }).ChunksAsync();
        Assert.Equal("[simulated] This answer", whole.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal("[simulated] This answer", string.Concat(chunks.Select(c => c.GetProperty("choices")[0].GetProperty("text").GetString())));
        Assert.Equal((2, 3, 5), Usage(whole));
    }

    [Fact]
    public async Task A_text_has_one_embedding_as_numbers_and_in_base64()
    {
        var numbers = await _node.PostAsync("/v1/embeddings", new { model = Model, input = new[] { "a b", "c" }, dimensions = 8 }).JsonAsync();
        var base64 = await _node.PostAsync("/v1/embeddings", new { model = Model, input = "a b", dimensions = 8, encoding_format = "base64" }).JsonAsync();
        var vectors = numbers.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("embedding").EnumerateArray().Select(x => x.GetSingle()).ToArray()).ToList();
        Assert.Equal(vectors[0], MemoryMarshal.Cast<byte, float>(base64.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray());
        Assert.NotEqual(vectors[0], vectors[1]);
        Assert.Equal(3, numbers.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task The_models_are_the_one_it_serves()
    {
        var models = await _node.Http.GetAsync("/v1/models").JsonAsync();
        Assert.Equal(Model, Assert.Single(models.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_request_gets_its_id_back()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "x-request-id", "req-1" } } };
        Assert.Equal(["req-1"], (await _node.Http.SendAsync(request)).Headers.GetValues("x-request-id"));
    }

    [Fact]
    public async Task Tokens_are_counted_in_the_metrics()
    {
        var (prompt, generated) = (await _node.MetricAsync("vllm:prompt_tokens_total"), await _node.MetricAsync("vllm:generation_tokens_total"));
        await _node.PostAsync("/v1/chat/completions", Ask.Chat(Model, tokens: 11)).JsonAsync();
        Assert.Equal((prompt + 3, generated + 11), (await _node.MetricAsync("vllm:prompt_tokens_total"), await _node.MetricAsync("vllm:generation_tokens_total")));
        Assert.Contains($"vllm:num_requests_running{{model_name=\"{Model}\"}} 0\n", await _node.Http.GetStringAsync("/metrics"));
    }

    [Theory]
    [InlineData("""{""", 400, "invalid_json", null)]
    [InlineData("""[]""", 400, "invalid_json", null)]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":"\ud800"}]}""", 400, "invalid_json", null)]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", 400, "missing_required_parameter", "model")]
    [InlineData("""{"model":7}""", 400, "invalid_type", "model")]
    [InlineData("""{"model":"simulator/tiny"}""", 404, "model_not_found", "model")]
    [InlineData("""{"model":"MODEL"}""", 400, "missing_required_parameter", "messages")]
    [InlineData("""{"model":"MODEL","messages":[]}""", 400, "invalid_type", "messages")]
    [InlineData("""{"model":"MODEL","messages":[{"content":"x"}]}""", 400, "missing_required_parameter", "messages[0].role")]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":4}]}""", 400, "invalid_type", "messages[0].content")]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":"x"}],"max_tokens":0}""", 400, "invalid_value", "max_tokens")]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":"x"}],"stream":"yes"}""", 400, "invalid_type", "stream")]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":"x"}],"stream_options":{}}""", 400, "invalid_value", "stream_options")]
    [InlineData("""{"model":"MODEL","messages":[{"role":"user","content":"x"}],"n":2}""", 400, "invalid_value", "n")]
    public async Task What_is_wrong_is_said_in_OpenAIs_shape(string body, int status, string code, string? param)
    {
        var answer = await _node.PostAsync("/v1/chat/completions", body.Replace("MODEL", Model, StringComparison.Ordinal));
        var error = (await Task.FromResult(answer).JsonAsync()).GetProperty("error");
        Assert.Equal((status, code, param), ((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal("hypervize-simulator", answer.Headers.Server.ToString());
    }

    private static (int Prompt, int Completion, int Total) Usage(JsonElement answer) => answer.GetProperty("usage") is var usage
        ? (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32())
        : default;

    public sealed class ReadyNode : IAsyncLifetime
    {
        internal SimulatorProcess Node { get; private set; } = null!;

        public async Task InitializeAsync() => Node = await SimulatorProcess.ReadyAsync(Model);

        public async Task DisposeAsync() => await Node.DisposeAsync();
    }
}
