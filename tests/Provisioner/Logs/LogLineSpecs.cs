using CsCheck;
using Hypervize.Contracts;
using Hypervize.Provisioner.Logs;

namespace Hypervize.Provisioner.Tests.Logs;

/// <summary>What lines of output say of themselves.</summary>
public sealed class LogLineSpecs
{
    private static readonly DateTimeOffset Near = new(2026, 11, 28, 14, 0, 0, TimeSpan.FromHours(2));

    [Theory]
    [InlineData("INFO 11-28 12:00:00 [api_server.py:1] vLLM API server", "2026-11-28T12:00:00+02:00", OutputLevel.Info)]
    [InlineData("WARNING 11-28 12:00:00 config.py:42] Casting", "2026-11-28T12:00:00+02:00", OutputLevel.Warning)]
    [InlineData("(EngineCore_DP0 pid=123) ERROR 11-28 12:00:00 [core.py:1] Failed", "2026-11-28T12:00:00+02:00", OutputLevel.Error)]
    [InlineData("(VllmWorker rank=0 pid=79) DEBUG 11-28 12:00:00 [worker.py:1] x", "2026-11-28T12:00:00+02:00", OutputLevel.Debug)]
    [InlineData("INFO 11-28 12:00:00.123 [api_server.py:1] x", "2026-11-28T12:00:00.123+02:00", OutputLevel.Info)]
    public void Of_vLLM(string text, string at, OutputLevel level) => Says(text, at, level);

    [Theory]
    [InlineData("INFO:     127.0.0.1:4242 - \"GET /health HTTP/1.1\" 200 OK", null, OutputLevel.Info)]
    [InlineData("ERROR:root:It failed", null, OutputLevel.Error)]
    [InlineData("CRITICAL:root:It is over", null, OutputLevel.Error)]
    [InlineData("2026-11-28 12:00:00,123 - my.module - WARNING - Look", "2026-11-28T12:00:00.123+02:00", OutputLevel.Warning)]
    [InlineData("2026-11-28 12:00:00,123 - INFO - Look", "2026-11-28T12:00:00.123+02:00", OutputLevel.Info)]
    [InlineData("2026-11-28 12:00:00 DEBUG module: look", "2026-11-28T12:00:00+02:00", OutputLevel.Debug)]
    [InlineData("[2026-11-28 12:00:00 +0100] [42] [INFO] Booting worker", "2026-11-28T12:00:00+01:00", OutputLevel.Info)]
    public void Of_Python(string text, string? at, OutputLevel level) => Says(text, at, level);

    [Theory]
    [InlineData("0.12.345.678 I srv  init: all slots are idle", OutputLevel.Info)]
    [InlineData("12.59.999.000 W main: careful", OutputLevel.Warning)]
    [InlineData("0.00.000.001 E main: error", OutputLevel.Error)]
    [InlineData("0.00.000.001 D main: trifles", OutputLevel.Debug)]
    public void Of_llama_server(string text, OutputLevel level) => Says(text, null, level);

    [Theory]
    [InlineData("2026-11-28T12:00:00.000Z info: Microsoft.Hosting.Lifetime[0] Started", "2026-11-28T12:00:00Z", OutputLevel.Info)]
    [InlineData("2026-11-28T12:00:00.250Z fail: X[0] Broken", "2026-11-28T12:00:00.25Z", OutputLevel.Error)]
    [InlineData("warn: X[0]", null, OutputLevel.Warning)]
    [InlineData("dbug: X[0]", null, OutputLevel.Debug)]
    public void Of_dotNET(string text, string? at, OutputLevel level) => Says(text, at, level);

    [Theory]
    [InlineData("2026-11-28T12:00:00Z loaded", "2026-11-28T12:00:00Z", null)]
    [InlineData("2026-11-28T12:00:00.123456789+01:00 loaded", "2026-11-28T12:00:00.1234567+01:00", null)]
    [InlineData("2026-11-28T12:00:00.123456Z  INFO router: x", "2026-11-28T12:00:00.123456Z", OutputLevel.Info)]
    [InlineData("2026-11-28 12:00:00 INFORMED", "2026-11-28T12:00:00+02:00", null)]
    public void Of_any_that_begins_with_a_time(string text, string at, OutputLevel? level) => Says(text, at, level);

    [Theory]
    [InlineData("")]
    [InlineData("srv  update_slots: all slots are idle")]
    [InlineData("I think it failed: ERROR")]
    [InlineData("Error: it failed")]
    [InlineData("ValueError: it failed")]
    [InlineData("INFORMATION about nothing")]
    [InlineData("  2026-11-28 12:00:00 indented")]
    [InlineData("2026-13-28 12:00:00 no such month")]
    [InlineData("2026-11-28 25:00:00 no such hour")]
    [InlineData("2026-11-28T12:00:00+99:00 no such zone")]
    [InlineData("٢٠٢٦-11-28 12:00:00 other digits")]
    public void Nothing_is_guessed(string text) => Says(text, null, null);

    [Theory]
    [InlineData("2027-01-01T00:00:10+00:00", "12-31 23:59:59", "2026-12-31T23:59:59+00:00")]
    [InlineData("2026-12-31T23:59:59+00:00", "01-01 00:00:01", "2027-01-01T00:00:01+00:00")]
    [InlineData("2028-03-01T00:00:00+00:00", "02-29 12:00:00", "2028-02-29T12:00:00+00:00")]
    public void A_year_that_is_not_said_is_the_one_that_brings_it_nearest(string near, string said, string at) =>
        Assert.Equal(Time(at), LogLine.Read("node-a", $"INFO {said} [x.py:1] x", Time(near)).At);

    [Fact]
    public void Whatever_is_printed_is_read_and_stays_whole() => Gen.String.Sample(text => LogLine.Read("node-a", text, Near).Text == text, iter: 10_000);

    [Fact]
    public void Whatever_looks_like_a_time_is_read() => Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 9999]).Sample(
        it => LogLine.Read("node-a", $"2026-{it.Item1:00}-{it.Item2:00} {it.Item2:00}:{it.Item3:00}:{it.Item1:00}.{it.Item4} +{it.Item3:00}:{it.Item2:00} x", Near).Level is null, iter: 10_000);

    private static void Says(string text, string? at, OutputLevel? level) =>
        Assert.Equal(new("node-a", at is null ? null : Time(at), level, text), LogLine.Read("node-a", text, Near));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
