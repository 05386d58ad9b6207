using System.Diagnostics;
using System.Text;
using Mesh.Kit.Certificates;

namespace Mesh.Tests.Hosts.Io.Tls;

/// <summary>The openssl command as a peer that is not ours.</summary>
internal sealed class OpenSslTool : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-openssl-").FullName;
    private readonly StringBuilder output = new();
    private readonly SemaphoreSlim lines = new(0);
    private readonly Process process;

    internal OpenSslTool(TestAuthority authority, TestCertificate? certificate, params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Add(start, "-CAfile", authority.RootPem);
        if (certificate is not null)
        {
            Add(start, "-cert", certificate.CertificatePem);
            Add(start, "-key", certificate.KeyPem);
        }
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    internal string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    internal Task TypeAsync(string line) => process.StandardInput.WriteLineAsync(line);

    internal async Task WaitForOutputAsync(string words, int times = 1)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            while (Output.Split(words).Length - 1 < times) await lines.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"openssl did not print '{words}' {times} times but:\n{Output}");
        }
    }

    /// <summary>Closes its standard input; s_client then sends close_notify and leaves.</summary>
    internal async Task EndAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Append(string? line)
    {
        if (line is null) return;
        lock (output) output.AppendLine(line);
        lines.Release();
    }

    private void Add(ProcessStartInfo start, string option, string pem)
    {
        string path = Path.Combine(folder, option[1..] + ".pem");
        File.WriteAllText(path, pem);
        start.ArgumentList.Add(option);
        start.ArgumentList.Add(path);
    }
}
