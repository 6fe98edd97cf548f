// leak-container.cc -- a scene of shapes, a std::vector of plain pointers.
//
// Planted: the vector is destroyed with the scene, its elements are not.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <string>
#include <vector>

namespace {

struct Shape {
	virtual ~Shape() = default;
	virtual double area() const = 0;
};

struct Circle : Shape {
	double radius;
	std::string label;
	Circle(double r, std::string l) : radius(r), label(std::move(l)) {}
	double area() const override
	{
		return 3.14 * radius * radius;
	}
};

struct Scene {
	std::vector<Shape *> shapes;
	double area() const
	{
		double sum = 0;

		for (const Shape *s : shapes)
			sum += s->area();
		return sum;
	}
};

NOINLINE Shape *
shape_new(size_t number)
{
	return new Circle(static_cast<double>(number),
			  "the circle with number " + std::to_string(number));
}

} // namespace

int
main()
{
	numbers n = {53};

	settings_load(100);
	for (int i = 0; i < 3000; i++) {
		auto scene = std::make_unique<Scene>();

		for (size_t j = 0; j < 5 + below(&n, 20); j++)
			scene->shapes.push_back(shape_new(j));
		result_sink = result_sink + static_cast<uint64_t>(scene->area());
		for (int j = 0; j < 20; j++)
			request_noise(&n, 2000);
	}
	return 0;
}
