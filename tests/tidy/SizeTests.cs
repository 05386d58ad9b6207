using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mesh.Tests.Tidy;

/// <summary>How large things may be. The limits only ever go down.</summary>
public sealed class SizeTests
{
    private const int MaximumFileLines = 500;
    private const int MaximumFunctionLines = 60;

    [Fact]
    public void Files_are_short()
    {
        var wrong = from file in Tree.CSharp
                    let lines = Tree.Read(file).Count(c => c == '\n')
                    where lines > MaximumFileLines
                    select $"{file}: {lines} lines";
        Report.None(wrong, $"at most {MaximumFileLines} lines: split by subject");
    }

    [Fact]
    public void Functions_are_short()
    {
        var wrong = Tree.CSharp.AsParallel().AsOrdered().SelectMany(file => LongFunctions(file, Tree.Read(file)));
        Report.None(wrong, $"at most {MaximumFunctionLines} lines: give the steps names");
    }

    [Fact]
    public void A_function_of_sixty_one_lines_is_found()
    {
        string body = string.Concat(Enumerable.Repeat("        x++;\n", 58));
        string Source(string more) => $"class C\n{{\n    static void F(int x)\n    {{\n{body}{more}    }}\n}}\n";
        Assert.Single(LongFunctions("c.cs", Source("")), finding => finding.Contains("F: 61", StringComparison.Ordinal));
        Assert.Empty(LongFunctions("c.cs", Source("").Replace("        x++;\n    }", "    }", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> LongFunctions(string file, string source)
    {
        var root = CSharpSyntaxTree.ParseText(source, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview)).GetRoot();
        foreach (var node in root.DescendantNodes())
        {
            if (NameOf(node) is not { } name) continue;
            var span = node.GetLocation().GetLineSpan();
            int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaximumFunctionLines) yield return $"{file}:{span.StartLinePosition.Line + 1} {name}: {lines} lines";
        }
    }

    private static string? NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        OperatorDeclarationSyntax => "operator",
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text,
        AnonymousFunctionExpressionSyntax => "lambda",
        _ => null,
    };
}
