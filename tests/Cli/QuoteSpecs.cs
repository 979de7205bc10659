using System.Diagnostics;
using System.Text.Json.Nodes;
using Hypervize.Kit.Hub;

namespace Hypervize.Cli.Tests;

/// <summary><c>hypervize quote</c>, as a script calls it.</summary>
public sealed class QuoteSpecs : IAsyncLifetime
{
    private HubStandIn _hub = null!;

    public async Task InitializeAsync() => _hub = await HubStandIn.StartAsync();

    public Task DisposeAsync() => _hub.DisposeAsync().AsTask();

    [Fact]
    public async Task A_quote_is_one_JSON_object_with_what_was_promised()
    {
        var (exitCode, output, _) = await QuoteAsync("Qwen/Qwen2.5-7B-Instruct", "--json");
        var quote = JsonNode.Parse(output)!.AsObject();
        Assert.Equal(0, exitCode);
        foreach (var name in (string[])["model", "revision", "task", "parameters", "weightBytes", "kvBytesPerToken", "maxContext", "estimate", "options", "chosen", "ladder", "hourlyUsd", "diskGb"])
            Assert.Contains(name, quote.Select(p => p.Key));
        foreach (var name in (string[])["hardware", "gpu", "gpus", "tensorParallel", "fits", "maxContext", "sequences", "hourlyUsd", "why"])
            Assert.Contains(name, quote["options"]![0]!.AsObject().Select(p => p.Key));
        Assert.Equal((15_231_233_024, 57_344, "chat", "g6.xlarge"), ((long)quote["weightBytes"]!, (long)quote["kvBytesPerToken"]!, (string)quote["task"]!, (string)quote["chosen"]!));
    }

    [Fact]
    public async Task Why_it_is_not_the_cheapest_that_fits_is_told()
    {
        const string why = "would keep less than 5 % of its memory free", model = "Qwen/Qwen2.5-7B-Instruct";
        var cheapest = JsonNode.Parse((await QuoteAsync(model, "--json")).Output)!["options"]!.AsArray().Single(o => (string)o!["hardware"]! == "g6.xlarge")!;
        var all = $"{cheapest["sequences"]}"; // As many fill it.
        Assert.Contains(why, (await QuoteAsync(model, "--concurrency", all)).Output);
        Assert.DoesNotContain(why, (await QuoteAsync(model)).Output);
        Assert.DoesNotContain(why, (await QuoteAsync(model, "--concurrency", all, "--hardware", "g6e.xlarge")).Output);
    }

    [Theory]
    [InlineData("nobody/nothing", "model_not_found")]
    [InlineData("openai/whisper", "model_unsupported")]
    [InlineData("deepseek-ai/DeepSeek-V3 --hardware g6.xlarge", "model_too_large")]
    [InlineData("@nobody/nothing", "model_not_found")]
    public async Task A_refusal_has_its_code_and_the_exit_code_of_a_failure(string arguments, string code)
    {
        var whisper = HubModel.All[0] with { Info = new() { ["id"] = "openai/whisper", ["sha"] = new string('b', 40), ["pipeline_tag"] = "automatic-speech-recognition" } };
        _hub.Models["openai/whisper"] = whisper;
        var (exitCode, output, errors) = await QuoteAsync([.. arguments.Split(' '), "--json"]);
        Assert.Equal((1, code), (exitCode, (string)JsonNode.Parse(output)!["error"]!["code"]!));
        Assert.Contains(code, errors);
    }

    [Fact]
    public async Task Unknown_hardware_is_said_in_JSON_too()
    {
        var (exitCode, output, _) = await QuoteAsync("Qwen/Qwen2.5-7B-Instruct", "--hardware", "nope", "--json");
        Assert.Equal((1, "invalid_request"), (exitCode, (string)JsonNode.Parse(output)!["error"]!["code"]!));
    }

    [Theory]
    [InlineData("--context", "0")]
    [InlineData("--concurrency", "-1")]
    [InlineData("--min", "2")]
    [InlineData("--context", "abc")]
    [InlineData("--context", "99999999999999999999")]
    [InlineData("--max", "")]
    public async Task Numbers_that_make_no_sense_are_wrong_usage(string option, string value) => Assert.Equal(2, (await QuoteAsync("Qwen/Qwen2.5-7B-Instruct", option, value)).ExitCode);

    private async Task<(int ExitCode, string Output, string Errors)> QuoteAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), "quote", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HF_ENDPOINT"] = _hub.Url.ToString();
        start.Environment.Remove("HF_TOKEN");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
